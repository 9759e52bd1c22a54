using CabsPs.Engine;
using CabsPs.Engine.Compute;
using TorchSharp;

namespace CabsPs.Torch;

/// <summary>The torch engine's libraries and devices.</summary>
public sealed class TorchProvider : EngineProvider
{
    private const string NoCuda = "graphics processors need a driver and libtorch with CUDA (package libtorch-cuda-12.8)";

    /// <inheritdoc/>
    public override string Name => TorchEngine.EngineName;

    /// <inheritdoc/>
    public override EngineInfo Describe()
    {
        if (TorchLibrary.Failure is { } failure)
            return new EngineInfo(Name, Version, [], failure);
        int count = CudaDevices();
        return new EngineInfo(Name, TorchLibrary.Path is { } path ? $"{Version}, {path}" : Version, [ComputeEngines.Processor(), .. Enumerable.Range(0, count).Select(Cuda)], count == 0 ? $"no CUDA device: {NoCuda}" : null);
    }

    /// <inheritdoc/>
    public override ComputeEngine Open(string? device)
    {
        if (TorchLibrary.Failure is { } failure)
            throw new CabsException(CabsError.EngineUnavailable, $"engine {Name} is not there: {failure}", Name);
        device ??= "cpu";
        if (device == "cpu")
            return new TorchEngine(torch.CPU, "cpu");
        int index = device == "cuda" ? 0 : device.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(device["cuda:".Length..], out int given) && given >= 0 ? given
            : throw new CabsException(CabsError.ParameterInvalid, $"device {Text.Quote(device)} is not one of the {Name} engine; it takes cpu, cuda or cuda:N", device);
        int count = CudaDevices();
        return index < count
            ? new TorchEngine(torch.device(DeviceType.CUDA, index), $"cuda:{index}")
            : throw new CabsException(CabsError.EngineUnavailable, $"device cuda:{index} is not there: {(count == 0 ? $"libtorch sees no CUDA device; {NoCuda}" : $"libtorch sees {count} CUDA device(s), cuda:0 to cuda:{count - 1}")}, or choose --device cpu", device);
    }

    private static string Version => $"TorchSharp {ComputeEngines.VersionOf(typeof(torch).Assembly)}";

    private static int CudaDevices() => torch.cuda.is_available() ? torch.cuda.device_count() : 0;

    private static EngineDevice Cuda(int index)
    {
        (string? name, long? bytes) = CudaMemory.Describe(index);
        return new EngineDevice($"cuda:{index}", name ?? "CUDA device", bytes);
    }
}
