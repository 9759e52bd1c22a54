using CabsPs.Bench;

string command = args.Length > 0 && !args[0].StartsWith('-') ? args[0] : "table";
var arguments = new Arguments(args);
switch (command)
{
    case "table":
        return TableCommand.Run(arguments);
    case "make":
        return MakeCommand.Run(arguments);
    case "memory":
        return MemoryCommand.Run(arguments);
    case "merge":
        return MergeCommand.Run(arguments);
    case "steps":
        return StepsCommand.Run(arguments);
    case "crash":
        return CrashCommand.Run(arguments);
    case "flips":
        return FlipsCommand.Run(arguments);
    case "fuzz":
        return FuzzCommand.Run(arguments);
    case "algebra":
        return AlgebraCommand.Run(arguments);
    case "engines":
        return EnginesCommand.Run(arguments);
    case "repeat":
        return RepeatCommand.Run(arguments);
    case "kernels":
        return KernelBenchmarks.Run(arguments);
    default:
        Console.Error.WriteLine("""
            table [--quick] [--peer PYTHON] [--temp DIR]    the table of docs/performance.md (also without a word)
            make --out DIR [--size 2GB] [--experts 3] [--dtype bf16|f16|f32] [--deltas spread|ulps] [--seed 1]
            memory [--only copy,dense,cabs,one,ulps,ties,dare,joint] [--size 128MB] [--threads N] [--runs 5]
            merge --models DIR [--out DIR] [--experts 2] [--threads N] [--method NAME] [--assignment sequential|joint] [--engine NAME] [--device NAME]
            steps [--width Bits512|Bits256|Bits128|Scalar] [--m 256] [--only STEP]
            crash [--count 200] [--seed 1] [--size 40MB]
            flips [--count 1000] [--seed 1] [--size 2MB]
            fuzz [--count 20000] [--from 0] [--seed 1] [--keep] | --corpus [--cabs CABS.DLL]
            algebra [--rows 4096] [--columns 1024] [--experts 4] [--only svd,tsv_m,...] [--runs 1] [--engine NAME] [--device NAME]
            engines [--size 256MB] [--device cpu] [--methods task_arithmetic,cabs,ties] [--runs 2]    managed against torch
            repeat [--merges 10000] [--engine torch] [--device cpu]    merges of a small model in one process, and its memory
            kernels [BenchmarkDotNet's options]
            """);
        return 2;
}
