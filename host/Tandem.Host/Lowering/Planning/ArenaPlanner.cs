namespace Tandem.Host.Lowering.Planning;

/// <summary>
/// Lays items out in one arena so that items wanted at one time do not overlap. Several greedy orders are tried, the best one is improved by moving
/// the items that make the arena as large as it is, and the smallest arena wins. The same items give the same layout.
/// </summary>
internal sealed class ArenaPlanner
{
    private const long SearchBudget = 20_000_000;

    private readonly ArenaItem[] _items;
    private readonly int[][] _neighbours;
    private readonly long[] _trial;
    private readonly List<(long Begin, long End)> _taken = [];

    internal ArenaPlanner(IReadOnlyList<ArenaItem> items)
    {
        _items = [.. items];
        _trial = new long[_items.Length];
        _neighbours = FindNeighbours(_items);
        Offsets = new long[_items.Length];
        ByteCount = long.MaxValue;
        LowerBound = FindLowerBound(_items);
        Run();
    }

    /// <summary>Offset of each item.</summary>
    internal long[] Offsets { get; }

    /// <summary>Size of the arena.</summary>
    internal long ByteCount { get; private set; }

    /// <summary>Most bytes that are wanted at one time: no arena is smaller.</summary>
    internal long LowerBound { get; }

    private void Run()
    {
        if (_items.Length == 0)
        {
            ByteCount = 0;
            return;
        }

        var best = Array.Empty<int>();
        foreach (var order in Orders())
        {
            if (Try(order))
            {
                best = order;
            }

            if (ByteCount == LowerBound)
            {
                return;
            }
        }

        Improve(best);
    }

    private IEnumerable<int[]> Orders()
    {
        var indices = Enumerable.Range(0, _items.Length);
        yield return [.. indices.OrderByDescending(i => _items[i].ByteCount).ThenBy(i => _items[i].First)];
        yield return [.. indices.OrderByDescending(i => _items[i].ByteCount).ThenByDescending(Duration).ThenBy(i => _items[i].First)];
        yield return [.. indices.OrderByDescending(i => _items[i].ByteCount * (Duration(i) + 1)).ThenBy(i => _items[i].First)];
        yield return [.. indices.OrderBy(i => _items[i].First).ThenByDescending(i => _items[i].ByteCount)];
        yield return [.. indices.OrderByDescending(i => _items[i].Last).ThenByDescending(i => _items[i].ByteCount)];
        yield return [.. indices.OrderByDescending(Duration).ThenByDescending(i => _items[i].ByteCount)];
        yield return ByBreadth();

        long Duration(int i) => _items[i].Last - (long)_items[i].First;
    }

    // Instructions by the bytes that are live at them; the items of each, the largest first.
    private int[] ByBreadth()
    {
        var load = new long[_items.Length];
        for (var i = 0; i < _items.Length; i++)
        {
            load[i] = _items[i].ByteCount;
            foreach (var other in _neighbours[i])
            {
                load[i] += _items[other].First <= _items[i].First && _items[other].Last >= _items[i].First ? _items[other].ByteCount : 0;
            }
        }

        return [.. Enumerable.Range(0, _items.Length).SelectMany(i => _neighbours[i].Append(i).Where(other => _items[other].First <= _items[i].First && _items[other].Last >= _items[i].First)
            .Select(other => (Load: load[i], At: i, Item: other)))
            .OrderByDescending(entry => entry.Load).ThenBy(entry => entry.At).ThenByDescending(entry => _items[entry.Item].ByteCount).ThenBy(entry => entry.Item)
            .Select(entry => entry.Item).Distinct()];
    }

    private void Improve(int[] best)
    {
        // A generator of its own: the same on every machine and version.
        var state = 0x9E3779B97F4A7C15UL;
        var order = best.ToArray();
        var cost = _items.Length + _neighbours.Sum(list => (long)list.Length);
        var rounds = Math.Min(SearchBudget / Math.Max(cost, 1), 2000);
        for (long round = 0; round < rounds && ByteCount > LowerBound; round++)
        {
            var candidate = order.ToArray();
            var peak = Array.FindIndex(candidate, item => Offsets[item] + _items[item].ByteCount == ByteCount);
            var from = (round & 1) == 0 || peak <= 0 ? (int)(Next() % (ulong)candidate.Length) : peak;
            var to = (int)(Next() % (ulong)(from + 1));
            var moved = candidate[from];
            Array.Copy(candidate, to, candidate, to + 1, from - to);
            candidate[to] = moved;
            if (Try(candidate))
            {
                order = candidate;
            }
        }

        ulong Next()
        {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            return state;
        }
    }

    // Each item goes into the smallest gap that holds it, as low as it can. Keeps the layout if the arena is smaller than before.
    private bool Try(int[] order)
    {
        Array.Fill(_trial, -1);
        long size = 0;
        foreach (var item in order)
        {
            _taken.Clear();
            foreach (var other in _neighbours[item])
            {
                if (_trial[other] >= 0)
                {
                    _taken.Add((_trial[other], _trial[other] + _items[other].ByteCount));
                }
            }

            _trial[item] = FindGap(_items[item].ByteCount);
            size = Math.Max(size, _trial[item] + _items[item].ByteCount);
            if (size >= ByteCount)
            {
                return false;
            }
        }

        _trial.CopyTo(Offsets, 0);
        ByteCount = size;
        return true;
    }

    private long FindGap(long byteCount)
    {
        _taken.Sort();
        var (best, bestSize, end) = (-1L, long.MaxValue, 0L);
        foreach (var (begin, next) in _taken)
        {
            if (begin - end >= byteCount && begin - end < bestSize)
            {
                (best, bestSize) = (end, begin - end);
            }

            end = Math.Max(end, next);
        }

        return best >= 0 ? best : end;
    }

    private static int[][] FindNeighbours(ArenaItem[] items)
    {
        var lists = Array.ConvertAll(items, _ => new List<int>());
        var byFirst = Enumerable.Range(0, items.Length).OrderBy(i => items[i].First).ThenBy(i => i).ToArray();
        var live = new List<int>();
        foreach (var item in byFirst)
        {
            live.RemoveAll(other => items[other].Last < items[item].First);
            foreach (var other in live)
            {
                lists[item].Add(other);
                lists[other].Add(item);
            }

            live.Add(item);
        }

        return Array.ConvertAll(lists, list => list.ToArray());
    }

    private static long FindLowerBound(ArenaItem[] items)
    {
        long most = 0, live = 0;
        foreach (var change in items.SelectMany(item => new[] { (At: (long)item.First, Bytes: item.ByteCount), (At: item.Last + 1L, Bytes: -item.ByteCount) })
            .OrderBy(change => change.At).ThenBy(change => change.Bytes))
        {
            live += change.Bytes;
            most = Math.Max(most, live);
        }

        return most;
    }
}
