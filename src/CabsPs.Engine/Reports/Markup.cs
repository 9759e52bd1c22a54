using System.Text;
using System.Xml;

namespace CabsPs.Engine.Reports;

/// <summary>Writes HTML that is well-formed XML too, so that a test can read it back. All text and every attribute is escaped here and
/// nowhere else: names of models and tensors come from files that nobody vouches for.</summary>
internal sealed class Markup
{
    private const int LongestName = 300;
    private static readonly HashSet<string> s_void = new(["br", "col", "hr", "meta"], StringComparer.Ordinal);
    private readonly StringBuilder _text = new();
    private readonly XmlWriter _writer;
    private readonly Stack<string> _open = new();
    private int _ids;

    public Markup()
    {
        _writer = XmlWriter.Create(_text, new XmlWriterSettings { OmitXmlDeclaration = true, Indent = true, IndentChars = string.Empty, NewLineChars = "\n", ConformanceLevel = ConformanceLevel.Document });
        _writer.WriteDocType("html", null, null, null);
    }

    /// <summary>The document, when every element is closed.</summary>
    public string Finish()
    {
        _writer.Close();
        return _text.Append('\n').ToString();
    }

    /// <summary>A name for an element that no other has.</summary>
    public string NewId(string prefix) => $"{prefix}{++_ids}";

    /// <summary>Begins an element; to be closed by <see cref="Close"/>. An attribute whose value is null is left out.</summary>
    public Markup Open(string element, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        _writer.WriteStartElement(element);
        foreach ((string name, string? value) in attributes)
        {
            if (value is not null)
                _writer.WriteAttributeString(name, Clean(value));
        }

        _open.Push(element);
        return this;
    }

    /// <summary>Ends the innermost elements.</summary>
    public Markup Close(int count = 1)
    {
        for (int i = 0; i < count; i++)
        {
            // <div/> is an open div to an HTML parser; inside an svg and for void elements it is what it seems
            if (s_void.Contains(_open.Pop()))
                _writer.WriteEndElement();
            else
                _writer.WriteFullEndElement();
        }

        return this;
    }

    /// <summary>Text.</summary>
    public Markup Text(string text)
    {
        _writer.WriteString(Clean(text));
        return this;
    }

    /// <summary>A whole element of text.</summary>
    public Markup Element(string element, string text, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        Open(element, attributes);
        if (text.Length > 0)
            Text(text);
        return Close();
    }

    /// <summary>An element without content.</summary>
    public Markup Empty(string element, params ReadOnlySpan<(string Name, string? Value)> attributes) => Open(element, attributes).Close();

    /// <summary>The page's own style sheet, which must not be escaped.</summary>
    public Markup Style(string css)
    {
        _writer.WriteStartElement("style");
        _writer.WriteRaw(css);
        _writer.WriteEndElement();
        return this;
    }

    /// <summary>A name from a file, short enough to be shown in full.</summary>
    public static string Name(string name) => name.Length <= LongestName ? name : $"{name[..LongestName]}…";

    /// <summary>A name cut in its middle to so many characters, for labels; the table beside the chart has all of it.</summary>
    public static string Short(string name, int length) =>
        name.Length <= length ? name : $"{name[..((length - 1) / 2)]}…{name[^(length / 2)..]}";

    // what XML cannot hold, and what would turn the reading direction of the text around it
    private static string Clean(string text)
    {
        int bad = 0;
        while (bad < text.Length && IsPlain(text[bad]))
            bad++;
        if (bad == text.Length)
            return text;
        var clean = new StringBuilder(text, 0, bad, text.Length);
        for (int i = bad; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]) && i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]))
                clean.Append(text[i]).Append(text[++i]);
            else
                clean.Append(IsPlain(text[i]) ? text[i] : '\uFFFD');
        }

        return clean.ToString();
    }

    private static bool IsPlain(char c) =>
        !char.IsSurrogate(c) && XmlConvert.IsXmlChar(c) && c is not ((>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') or '\u200E' or '\u200F' or (>= '\u0080' and <= '\u009F'));
}
