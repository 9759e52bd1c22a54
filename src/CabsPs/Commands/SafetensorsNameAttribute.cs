using System.Management.Automation;

namespace CabsPs.Commands;

/// <summary>Lets a parameter of type <see cref="TensorType"/> take safetensors' names. Second names in the enum itself would be offered twice
/// by the Tab key.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SafetensorsNameAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) => (inputData as string ?? (inputData as PSObject)?.BaseObject as string)?.ToUpperInvariant() switch
    {
        "F32" => TensorType.Float32,
        "BF16" => TensorType.BFloat16,
        "F16" => TensorType.Float16,
        "F64" => TensorType.Float64,
        _ => inputData,
    };
}
