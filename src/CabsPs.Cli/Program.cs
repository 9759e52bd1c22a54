using CabsPs.Cli;
using CabsPs.Cli.Output;

using var cancellation = new Cancellation();
return new CommandLine(new Streams(), cancellation).Run(args);
