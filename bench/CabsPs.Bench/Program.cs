using CabsPs.Bench;

var arguments = new Arguments(args.Skip(1));
switch (args.FirstOrDefault())
{
    case "make":
        return MakeCommand.Run(arguments);
    case "memory":
        return MemoryCommand.Run(arguments);
    case "steps":
        return StepsCommand.Run(arguments);
    default:
        Console.Error.WriteLine("sub-commands: make, memory, steps");
        return 2;
}
