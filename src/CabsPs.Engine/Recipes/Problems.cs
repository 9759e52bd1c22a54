namespace CabsPs.Engine.Recipes;

/// <summary>What is wrong with a recipe: the first problem ends a merge, a check goes on and finds all.</summary>
/// <param name="goOn">Whether to go on after a problem.</param>
public sealed class Problems(bool goOn)
{
    private const int Most = 200;
    private readonly List<CabsException> _found = [];

    /// <summary>The problems found, in the order of the recipe's parts.</summary>
    public IReadOnlyList<CabsException> Found => _found;

    /// <summary>Whether there are too many to look for more.</summary>
    public bool AreMany => _found.Count >= Most;

    /// <summary>Does a part of the work that others do not depend on.</summary>
    /// <returns>Whether it went well.</returns>
    public bool Attempt(Action part)
    {
        try
        {
            part();
            return true;
        }
        catch (CabsException e) when (goOn && !AreMany)
        {
            // the same line may be read again for another tensor
            if (!_found.Any(f => f.Message == e.Message))
                _found.Add(e);
            return false;
        }
        catch (IncompleteException)
        {
            return false;
        }
    }
}

/// <summary>A part of a recipe cannot be used because of problems that are noted already.</summary>
internal sealed class IncompleteException : Exception;
