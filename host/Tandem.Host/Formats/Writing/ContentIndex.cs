using Tandem.Sdk;

namespace Tandem.Host.Formats;

/// <summary>Numbers contents so that equal bytes have one number. Only contents of one length are compared, so most are never hashed.</summary>
/// <param name="isEnabled">Whether equal contents meet; if not, every content has a number of its own.</param>
internal sealed class ContentIndex(bool isEnabled = true)
{
    private readonly Dictionary<long, List<(DataContent Content, int Index)>> _byLength = [];

    /// <summary>Finds the number of equal content.</summary>
    internal bool TryGet(DataContent content, out int index)
    {
        foreach (var known in isEnabled ? _byLength.GetValueOrDefault(content.Length, []) : [])
        {
            if (known.Content.ContentEquals(content))
            {
                index = known.Index;
                return true;
            }
        }

        index = -1;
        return false;
    }

    /// <summary>Gives content that is not there yet a number.</summary>
    internal void Add(DataContent content, int index)
    {
        if (!_byLength.TryGetValue(content.Length, out var list))
        {
            _byLength[content.Length] = list = [];
        }

        list.Add((content, index));
    }
}
