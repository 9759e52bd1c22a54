using System.Text;

namespace CabsPs.Engine.Tokenizers;

/// <summary>Reads the tokens of a sentencepiece model. The file is a protocol buffer whose field 1, repeated, is a piece, whose
/// own field 1 is the token; a token's number is its place. Nothing else of it matters here.</summary>
internal static class SentencePieceReading
{
    public static void Read(byte[] text, Dictionary<string, int> ids)
    {
        int next = 0;
        foreach (ReadOnlyMemory<byte> piece in Field(text))
        {
            string? token = null;
            foreach (ReadOnlyMemory<byte> value in Field(piece))
                token = Encoding.UTF8.GetString(value.Span);
            ids.TryAdd(token ?? throw new InvalidDataException("a piece has no text"), next++);
            TokenizerReading.CheckCount(next);
        }
    }

    // the values of field 1 that have a length
    private static IEnumerable<ReadOnlyMemory<byte>> Field(ReadOnlyMemory<byte> message)
    {
        int at = 0;
        while (at < message.Length)
        {
            ulong key = Number(message.Span, ref at);
            switch (key & 7)
            {
                case 0:
                    Number(message.Span, ref at);
                    break;
                case 1:
                    at += 8;
                    break;
                case 2:
                    ulong length = Number(message.Span, ref at);
                    if (length > (ulong)(message.Length - at))
                        throw new InvalidDataException("it ends inside a value");
                    if (key >> 3 == 1)
                        yield return message.Slice(at, (int)length);
                    at += (int)length;
                    break;
                case 5:
                    at += 4;
                    break;
                default:
                    throw new InvalidDataException("it is no protocol buffer");
            }
        }
    }

    private static ulong Number(ReadOnlySpan<byte> message, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; shift < 64 && at < message.Length; shift += 7)
        {
            byte part = message[at++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
                return value;
        }

        throw new InvalidDataException("it ends inside a number");
    }
}
