using CabsPs.Engine.Checkpoints;

namespace CabsPs.Cli.Output;

/// <summary>A checkpoint for a program.</summary>
internal static class InspectJson
{
    /// <summary>Writes what the headers say.</summary>
    public static void Write(Streams streams, Checkpoint model) => Json.Write(streams, json =>
    {
        json.WriteString("name", model.Name);
        json.WriteString("path", model.Path);
        json.WriteString("architecture", model.Config?.Architecture);
        json.WriteString("modelType", model.Config?.ModelType);
        json.WriteString("dtype", model.MainType?.ToString());
        json.WriteNumber("parameters", model.ParameterCount);
        json.WriteNumber("bytes", model.ByteLength);
        json.WriteBoolean("tiedEmbeddings", model.TiesEmbeddings);
        json.WriteStartObject("types");
        foreach ((DType type, long count, _) in InspectReport.Types(model))
            json.WriteNumber(type.ToString(), count);
        json.WriteEndObject();
        json.Objects("files", model.Files, file =>
        {
            json.WriteString("name", Path.GetFileName(file));
            json.WriteNumber("bytes", new FileInfo(file).Length);
            json.WriteNumber("tensors", model.Tensors.Count(t => t.File == file));
        });
        json.Objects("tensors", model.Tensors, tensor =>
        {
            json.WriteString("name", tensor.Name);
            json.WriteString("dtype", tensor.Type.ToString());
            json.Shape(tensor.Shape);
            json.WriteNumber("parameters", tensor.Count);
            json.WriteString("file", Path.GetFileName(tensor.File));
        });
    });
}
