using System.Globalization;

namespace CabsPs.Engine.Merging;

/// <summary>What values a parameter takes.</summary>
public enum ParameterKind
{
    /// <summary>A real number.</summary>
    Number,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>True or false.</summary>
    Switch,

    /// <summary>One of a few words.</summary>
    Choice,

    /// <summary>The name of one of the models.</summary>
    ModelName,

    /// <summary>Names of tensors, in which * stands for any characters.</summary>
    TensorNames,

    /// <summary>A safetensors file or a folder of them.</summary>
    Path,
}

/// <summary>Where a parameter may stand.</summary>
public enum ParameterScope
{
    /// <summary>Under a model, or at the top for all models.</summary>
    Model,

    /// <summary>At the top only.</summary>
    Global,
}

/// <summary>A method's declaration of one parameter: recipe keys, completion, help and error messages follow from it.</summary>
/// <param name="Name">The recipe key.</param>
/// <param name="Kind">What values it takes.</param>
/// <param name="Scope">Where it may stand.</param>
/// <param name="Description">One sentence for help.</param>
public sealed record MethodParameter(string Name, ParameterKind Kind, ParameterScope Scope, string Description)
{
    /// <summary>The value where none is given; null makes the parameter required.</summary>
    public object? Default { get; init; }

    /// <summary>The smallest number allowed.</summary>
    public double Minimum { get; init; } = double.NegativeInfinity;

    /// <summary>The largest number allowed.</summary>
    public double Maximum { get; init; } = double.PositiveInfinity;

    /// <summary>The words allowed: all values of a choice, or what stands for a number (<c>auto</c>).</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>What the parameter takes, for messages: <c>a whole number from 1 up</c>.</summary>
    public string Expectation
    {
        get
        {
            string words = string.Join(", ", Words);
            string text = Kind switch
            {
                ParameterKind.Switch => "true or false",
                ParameterKind.Choice => $"one of {words}",
                ParameterKind.ModelName => "the name of one of the models",
                ParameterKind.TensorNames => "a list of tensor names, in which * stands for any characters",
                ParameterKind.Path => "the path of a safetensors file, or of a folder of them",
                ParameterKind.Integer => $"a whole number{Range}",
                _ => $"a number{Range}",
            };
            return Kind is ParameterKind.Number or ParameterKind.Integer or ParameterKind.Switch && Words.Count > 0 ? $"{text}, or {words}" : text;
        }
    }

    private string Range => (double.IsFinite(Minimum), double.IsFinite(Maximum)) switch
    {
        (true, true) => string.Create(CultureInfo.InvariantCulture, $" from {Minimum} to {Maximum}"),
        (true, false) => string.Create(CultureInfo.InvariantCulture, $" from {Minimum} up"),
        (false, true) => string.Create(CultureInfo.InvariantCulture, $" up to {Maximum}"),
        _ => string.Empty,
    };

    /// <summary>Reads one value as a recipe writes it; numbers and booleans as mergekit 0.1.5 reads them (words for booleans,
    /// 1 and 0 for either, underscores in numbers).</summary>
    /// <param name="text">The value's text.</param>
    /// <param name="value">A double, a bool, a word or a <see cref="TensorNames"/>.</param>
    /// <returns>False when the text is not a value of this parameter.</returns>
    public bool TryRead(string text, out object value)
    {
        value = text;
        string trimmed = text.Trim();
        if (Kind is ParameterKind.ModelName or ParameterKind.Path)
            return trimmed.Length > 0;
        if (Kind == ParameterKind.TensorNames)
        {
            value = new TensorNames(trimmed.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
            return true;
        }

        if (Words.FirstOrDefault(w => string.Equals(w, trimmed, StringComparison.OrdinalIgnoreCase)) is { } word)
        {
            value = word;
            return true;
        }

        bool? flag = trimmed.ToLowerInvariant() switch
        {
            "true" or "yes" or "on" or "t" or "y" => true,
            "false" or "no" or "off" or "f" or "n" => false,
            _ => null,
        };
        switch (Kind)
        {
            case ParameterKind.Choice:
                return false;
            case ParameterKind.Switch:
                flag ??= TryNumber(trimmed, out double bit) ? bit == 1 ? true : bit == 0 ? false : null : null;
                value = flag ?? false;
                return flag is not null;
            default:
                double number = flag is true ? 1 : 0;
                bool ok = (flag is not null || TryNumber(trimmed, out number)) && Accepts(number);
                value = number;
                return ok;
        }
    }

    /// <summary>Reads one value that YAML has given a type already. A text becomes a number where it reads as one, a word becomes a
    /// switch, but not a number.</summary>
    /// <param name="given">A double, a bool or a text.</param>
    /// <param name="value">A double, a bool or a word.</param>
    /// <returns>False when it is not a value of this parameter.</returns>
    public bool TryRead(object given, out object value)
    {
        switch (given)
        {
            case double number when Kind != ParameterKind.Choice:
                return TryRead(number.ToString("R", CultureInfo.InvariantCulture), out value);
            case bool flag:
                return TryRead(flag ? "true" : "false", out value);
            case string text when Kind is ParameterKind.Number or ParameterKind.Integer && !Words.Contains(text, StringComparer.OrdinalIgnoreCase):
                value = TryNumber(text.Trim(), out double read) ? read : 0.0;
                return TryNumber(text.Trim(), out read) && Accepts(read);
            default:
                return TryRead(given.ToString()!, out value);
        }
    }

    /// <summary>Whether a number lies in the range and is whole where it must be.</summary>
    public bool Accepts(double number) =>
        number >= Minimum && number <= Maximum && double.IsFinite(number) && (Kind != ParameterKind.Integer || number == Math.Floor(number));

    private static bool TryNumber(string text, out double number) =>
        double.TryParse(text.Replace("_", string.Empty, StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out number);
}
