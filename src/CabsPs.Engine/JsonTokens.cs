using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;

namespace CabsPs.Engine;

/// <summary>Gives the next bytes of a text; 0 at its end.</summary>
internal delegate int TextSource(Span<byte> buffer);

/// <summary>Reads JSON token by token from a buffer that moves over the text, so that a file of a hundred megabytes takes the memory
/// of its longest token. Every text is valid UTF-8 and every escape stands for a character, also in what is skipped.</summary>
internal ref struct JsonTokens
{
    /// <summary>The longest token read; buffers of twice that are the most that a hostile text can ask for.</summary>
    public const int LongestToken = 8 << 20;

    private const int FirstBuffer = 64 << 10;
    private readonly TextSource _source;
    private byte[] _buffer;
    private int _start;
    private int _length;
    private bool _ended;
    private long _before;
    private Utf8JsonReader _reader;

    /// <summary>Begins a text.</summary>
    /// <param name="source">Gives its bytes.</param>
    /// <param name="options">What is allowed in it.</param>
    /// <param name="skipMark">Allows a byte order mark in front.</param>
    public JsonTokens(TextSource source, JsonReaderOptions options, bool skipMark = false)
    {
        _source = source;
        _buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
        // a source gives as many bytes as it has, so a mark comes whole
        _ended = !Fill(0);
        int mark = skipMark && _buffer.AsSpan(0, _length).StartsWith("\uFEFF"u8) ? 3 : 0;
        _before = mark;
        _reader = new Utf8JsonReader(_buffer.AsSpan(mark, _length - mark), _ended, new JsonReaderState(options));
        _start = mark;
    }

    /// <summary>The current token.</summary>
    public readonly JsonTokenType Type => _reader.TokenType;

    /// <summary>How deep it lies.</summary>
    public readonly int Depth => _reader.CurrentDepth;

    /// <summary>How far the text was read, in bytes from its start.</summary>
    public readonly long Position => _before + _reader.BytesConsumed;

    /// <summary>The current token's bytes, without quotes.</summary>
    public readonly ReadOnlySpan<byte> Bytes => _reader.ValueSpan;

    /// <summary>Moves to the next token.</summary>
    /// <returns>False behind the last one.</returns>
    /// <exception cref="JsonException">The text is not JSON.</exception>
    public bool Read()
    {
        while (!_reader.Read())
        {
            if (_ended)
                return false;
            Move();
        }

        if (Type is JsonTokenType.String or JsonTokenType.PropertyName)
            CheckText();
        return true;
    }

    /// <summary>Moves to the next token, which must be there.</summary>
    /// <exception cref="JsonException">The text ends, or is not JSON.</exception>
    public JsonTokenType Next() => Read() ? Type : throw new JsonException("it ends too early");

    /// <summary>Moves to the next token, which must be of a kind.</summary>
    /// <exception cref="JsonException">It is another.</exception>
    public void Expect(JsonTokenType type)
    {
        if (Next() != type)
            throw new JsonException($"{type} is needed where {Type} stands");
    }

    /// <summary>Moves to the last token of the value that begins here.</summary>
    public void Skip()
    {
        if (Type == JsonTokenType.PropertyName)
            Next();
        if (Type is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
            return;
        int depth = Depth;
        do
            Next();
        while (Depth > depth);
    }

    /// <summary>The text of a string or key.</summary>
    /// <exception cref="JsonException">The token is neither.</exception>
    public readonly string Text() => Type is JsonTokenType.String or JsonTokenType.PropertyName ? _reader.GetString()! : throw new JsonException($"a text is needed where {Type} stands");

    /// <summary>Whether the current string or key is this one.</summary>
    public readonly bool Is(ReadOnlySpan<byte> text) => _reader.ValueTextEquals(text);

    /// <summary>A whole number.</summary>
    /// <exception cref="JsonException">The token is none, or too large.</exception>
    public readonly int Int32() => Type == JsonTokenType.Number && _reader.TryGetInt32(out int value) ? value : throw new JsonException("a whole number is needed");

    /// <summary>A whole number.</summary>
    public readonly bool TryInt64(out long value)
    {
        value = 0;
        return Type == JsonTokenType.Number && _reader.TryGetInt64(out value);
    }

    /// <summary>A number.</summary>
    /// <exception cref="JsonException">The token is none.</exception>
    public readonly double Double() => Type == JsonTokenType.Number && _reader.TryGetDouble(out double value) ? value : throw new JsonException("a number is needed");

    /// <summary>Gives the buffer back.</summary>
    public void Dispose()
    {
        byte[] buffer = _buffer;
        _buffer = [];
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
    }

    private void Move()
    {
        int used = _start + (int)_reader.BytesConsumed, rest = _length - used;
        _before += _reader.BytesConsumed;
        JsonReaderState state = _reader.CurrentState;
        if (rest > _buffer.Length / 2)
        {
            if (rest > LongestToken)
                throw new JsonException($"a single text in it has more than {Engine.Text.Bytes(LongestToken)}");
            byte[] larger = ArrayPool<byte>.Shared.Rent(2 * _buffer.Length);
            _buffer.AsSpan(used, rest).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
        else
        {
            _buffer.AsSpan(used, rest).CopyTo(_buffer);
        }

        _ended = !Fill(rest);
        _start = 0;
        _reader = new Utf8JsonReader(_buffer.AsSpan(0, _length), _ended, state);
    }

    private bool Fill(int from)
    {
        int got = _source(_buffer.AsSpan(from));
        _length = from + got;
        return got > 0;
    }

    private readonly void CheckText()
    {
        if (!Utf8.IsValid(_reader.ValueSpan))
            throw new JsonException("it holds text that is not UTF-8");
        if (!_reader.ValueIsEscaped)
            return;
        char[] rented = ArrayPool<char>.Shared.Rent(_reader.ValueSpan.Length);
        try
        {
            _reader.CopyString(rented);
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException("it holds an escape that stands for no character", e);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(rented);
        }
    }
}
