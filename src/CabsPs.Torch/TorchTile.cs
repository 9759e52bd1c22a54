using TorchSharp;

namespace CabsPs.Torch;

/// <summary>A piece of a tensor on the device, in the computing type, flat. Its tensors are not changed.</summary>
/// <param name="Start">The first element's place in the tensor.</param>
/// <param name="Length">Elements in the piece.</param>
/// <param name="IsWhole">Whether it is the whole tensor.</param>
/// <param name="Origin">The base's weights; null without a base.</param>
/// <param name="Inputs">The models' weights or, where the computation wants them, their deltas; then statistics.</param>
internal sealed record TorchTile(long Start, long Length, bool IsWhole, torch.Tensor? Origin, torch.Tensor[] Inputs)
{
    /// <summary>The base's weights.</summary>
    public torch.Tensor Base => Origin ?? throw new InvalidOperationException("there is no base");

    /// <summary>Zeros, one per element.</summary>
    public torch.Tensor Zeros() => torch.zeros_like(Inputs.Length > 0 ? Inputs[0] : Base);
}
