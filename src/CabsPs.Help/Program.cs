using CabsPs.Help;

// CabsPs.Help DOCS OUT: the pages in DOCS become OUT/CabsPs.dll-Help.xml and OUT/about_*.help.txt
if (args.Length != 2)
{
    Console.Error.WriteLine("usage: CabsPs.Help DOCS OUT");
    return 2;
}

string[] pages = [.. Directory.EnumerateFiles(Path.GetFullPath(args[0]), "*.md").Order(StringComparer.Ordinal)];
var commands = new List<CommandPage>();
var topics = new Dictionary<string, string>();
var problems = new List<PageException>();
foreach (string page in pages)
{
    try
    {
        string name = Path.GetFileNameWithoutExtension(page);
        if (name.StartsWith("about_", StringComparison.Ordinal))
            topics.Add(name, AboutTopic.Render(new MarkdownPage(page)));
        else
            commands.Add(CommandPageReader.Read(new MarkdownPage(page)));
    }
    catch (PageException e)
    {
        problems.Add(e);
    }
}

// in the form in which MSBuild and editors find file and line
foreach (PageException problem in problems)
    Console.Error.WriteLine($"{problem.File}({problem.Line}): error HELP001: {problem.Message}");
if (problems.Count > 0)
    return 1;

Directory.CreateDirectory(args[1]);
foreach (string old in Directory.EnumerateFiles(args[1], "about_*.help.txt").Where(f => !topics.ContainsKey(Path.GetFileName(f)[..^".help.txt".Length])))
    File.Delete(old);
foreach ((string name, string text) in topics)
    File.WriteAllText(Path.Combine(args[1], $"{name}.help.txt"), text);
Maml.Document(commands).Save(Path.Combine(args[1], "CabsPs.dll-Help.xml"));
return 0;
