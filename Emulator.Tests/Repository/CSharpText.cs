namespace Emulator.Tests.Repository;

/// <summary>
/// C# source with comments, strings and characters blanked out, line by line as it was: enough of a lexer to look for words in code
/// without being fooled by a text that mentions them.
/// </summary>
internal sealed class CSharpText
{
    private readonly string _source;
    private readonly char[] _code;
    private int _at;

    private CSharpText(string source)
    {
        _source = source;
        _code = source.ToCharArray();
    }

    public static string CodeOnly(string source)
    {
        CSharpText text = new(source);
        while (text._at < source.Length)
        {
            text.Step();
        }

        return new string(text._code);
    }

    private bool Next(string text) => string.CompareOrdinal(_source, _at, text, 0, text.Length) == 0;

    private void Step()
    {
        int start = _at;
        if (!SkipComment() && !SkipString() && !SkipCharacter())
        {
            _at++;
            return;
        }

        for (int i = start; i < Math.Min(_at, _code.Length); i++)
        {
            _code[i] = _code[i] == '\n' ? '\n' : ' ';
        }
    }

    private bool SkipComment()
    {
        if (Next("//"))
        {
            SkipTo("\n", 0);
            return true;
        }

        if (Next("/*"))
        {
            _at += 2;
            SkipTo("*/", 2);
            return true;
        }

        return false;
    }

    private bool SkipCharacter()
    {
        if (!Next("'"))
        {
            return false;
        }

        _at += _at + 1 < _source.Length && _source[_at + 1] == '\\' ? 3 : 2;
        SkipTo("'", 1);
        return true;
    }

    private bool SkipString()
    {
        int quote = _at;
        while (quote < _source.Length && _source[quote] is '$' or '@')
        {
            quote++;
        }

        if (quote >= _source.Length || _source[quote] != '"')
        {
            return false;
        }

        string prefix = _source[_at..quote];
        int quotes = _source[quote..].TakeWhile(static c => c == '"').Count();
        _at = quote;
        if (quotes >= 3)
        {
            _at += quotes;
            SkipTo(new string('"', quotes), quotes);
        }
        else
        {
            _at++;
            SkipQuoted(verbatim: prefix.Contains('@', StringComparison.Ordinal), interpolated: prefix.Contains('$', StringComparison.Ordinal));
        }

        return true;
    }

    private void SkipQuoted(bool verbatim, bool interpolated)
    {
        while (_at < _source.Length)
        {
            if (interpolated && Next("{") && !Next("{{"))
            {
                SkipHole();
            }
            else if ((verbatim && Next("\"\"")) || (!verbatim && Next("\\")) || (interpolated && Next("{{")))
            {
                _at += 2;
            }
            else if (_source[_at++] == '"')
            {
                return;
            }
        }
    }

    private void SkipHole()
    {
        int depth = 0;
        do
        {
            if (SkipComment() || SkipString() || SkipCharacter())
            {
                continue;
            }

            depth += _source[_at] switch { '{' => 1, '}' => -1, _ => 0 };
            _at++;
        }
        while (depth > 0 && _at < _source.Length);
    }

    private void SkipTo(string end, int extra)
    {
        int found = _at < _source.Length ? _source.IndexOf(end, _at, StringComparison.Ordinal) : -1;
        _at = found < 0 ? _source.Length : found + extra;
    }
}
