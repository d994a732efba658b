namespace Emulator.Arch.RiscV;

/// <summary>Rows of tables that differ in a number. Enumerable.Range would do, but its sequences of numbers are compiled at run time.</summary>
internal static class Numbered
{
    /// <summary>Rows 0 to <paramref name="count"/> - 1.</summary>
    public static T[] Rows<T>(int count, Func<int, T> row)
    {
        var rows = new T[count];
        for (int i = 0; i < count; i++) rows[i] = row(i);
        return rows;
    }
}
