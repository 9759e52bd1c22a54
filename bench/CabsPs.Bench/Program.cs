using CabsPs.Bench;

var arguments = new Arguments(args.Skip(1));
switch (args.FirstOrDefault())
{
    case "make":
        return MakeCommand.Run(arguments);
    default:
        Console.Error.WriteLine("sub-commands: make");
        return 2;
}
