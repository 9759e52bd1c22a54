using System.Runtime.InteropServices;

namespace CabsPs.Torch;

/// <summary>What the CUDA driver knows of a device's memory, which TorchSharp does not tell. Null wherever the driver does not answer.</summary>
internal static unsafe class CudaMemory
{
    private static readonly Lazy<nint> s_driver = new(() => NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1", out nint handle) ? handle : 0);

    /// <summary>A device's name and size.</summary>
    public static (string? Name, long? Bytes) Describe(int device)
    {
        if (Find("cuInit") is 0 || ((delegate* unmanaged<uint, int>)Find("cuInit"))(0) != 0 || DeviceOf(device) is not { } handle)
            return (null, null);
        byte* name = stackalloc byte[256];
        nuint bytes = 0;
        bool named = Find("cuDeviceGetName") is not 0 and var getName && ((delegate* unmanaged<byte*, int, int, int>)getName)(name, 256, handle) == 0;
        bool sized = Find("cuDeviceTotalMem_v2") is not 0 and var getSize && ((delegate* unmanaged<nuint*, int, int>)getSize)(&bytes, handle) == 0;
        return (named ? Marshal.PtrToStringUTF8((nint)name) : null, sized ? (long)bytes : null);
    }

    /// <summary>Bytes that are free on a device.</summary>
    public static long? Free(int device)
    {
        nint retain = Find("cuDevicePrimaryCtxRetain"), push = Find("cuCtxPushCurrent_v2"), info = Find("cuMemGetInfo_v2"), pop = Find("cuCtxPopCurrent_v2"), release = Find("cuDevicePrimaryCtxRelease_v2");
        if (retain == 0 || push == 0 || info == 0 || pop == 0 || release == 0 || Describe(device).Bytes is null || DeviceOf(device) is not { } handle)
            return null;
        // the context that torch uses too
        nint context = 0;
        if (((delegate* unmanaged<nint*, int, int>)retain)(&context, handle) != 0)
            return null;
        nuint free = 0, total = 0;
        bool known = false;
        if (((delegate* unmanaged<nint, int>)push)(context) == 0)
        {
            known = ((delegate* unmanaged<nuint*, nuint*, int>)info)(&free, &total) == 0;
            ((delegate* unmanaged<nint*, int>)pop)(&context);
        }

        ((delegate* unmanaged<int, int>)release)(handle);
        return known ? (long)free : null;
    }

    private static int? DeviceOf(int index)
    {
        int handle = 0;
        return Find("cuDeviceGet") is not 0 and var get && ((delegate* unmanaged<int*, int, int>)get)(&handle, index) == 0 ? handle : null;
    }

    private static nint Find(string function) => s_driver.Value != 0 && NativeLibrary.TryGetExport(s_driver.Value, function, out nint address) ? address : 0;
}
