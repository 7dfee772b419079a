using System.Text;
using Tandem.Plugins.Cpu.PackedCache;
using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Graph;

/// <summary>All constants of a payload, fetched. Holds the handles until it is disposed; who needs bytes longer takes a reference.</summary>
internal sealed class ConstantTable : IDisposable
{
    private readonly DataHandle _payload;
    private readonly List<DataHandle> _handles = [];
    private readonly ConstantData?[] _constants;

    public ConstantTable(PayloadConstant[] constants, DataHandle payload, NamedDataMap namedData, PackedStore? store = null)
    {
        _payload = payload;
        _constants = new ConstantData?[constants.Length];
        var identity = new StringBuilder();
        try
        {
            // The first entry stands for "no constant" and names nothing.
            for (var i = 1; i < constants.Length; i++)
            {
                var constant = constants[i];
                if (constant.Key is null)
                {
                    _constants[i] = new ConstantData(payload, constant.Offset, constant.Length);
                    continue;
                }

                var handle = namedData.Get(constant.Key);
                _handles.Add(handle);
                if (handle.Length < constant.Length)
                {
                    throw new TandemException(ErrorCode.NamedDataMismatch, "named data is shorter than the payload says", new ErrorDetails
                    {
                        Location = constant.Key,
                        Expected = $"{constant.Length} bytes",
                        Found = $"{handle.Length} bytes",
                        NextStep = "give the data file that was exported with the program",
                    });
                }

                _constants[i] = new ConstantData(handle, 0, handle.Length);
            }

            var digests = store?.Digests([payload, .. _handles]);
            PayloadId = ConstantData.IdOf(payload, digests?[0]);
            var named = 0;
            for (var i = 1; i < constants.Length; i++)
            {
                var isNamed = constants[i].Key is not null;
                _constants[i] = _constants[i]! with { Digest = digests?[isNamed ? ++named : 0] };
                if (isNamed)
                {
                    identity.Append(' ').Append(_constants[i]!.ContentId.ToString());
                }
            }

            identity.Append(store?.Identity);
        }
        catch
        {
            Dispose();
            throw;
        }

        Identity = identity.ToString();
    }

    /// <summary>Identity of the payload.</summary>
    public ContentId PayloadId { get; }

    /// <summary>The content of all named data, as text.</summary>
    public string Identity { get; }

    public int Count => _constants.Length;

    /// <summary>Bytes of all constants together.</summary>
    public long ByteCount => _constants.Sum(static constant => constant?.Length ?? 0);

    /// <summary>A constant by its index, 1 or more.</summary>
    public ConstantData? this[uint index] => index < (uint)_constants.Length ? _constants[index] : null;

    /// <summary>
    /// From here on constants are read through references that somebody else holds, who lives as long as the program: the bytes are mapped, and
    /// the next session finds them loaded.
    /// </summary>
    /// <param name="holder">Receives the references and disposes them.</param>
    public void MoveTo(List<IDisposable> holder)
    {
        var payload = _payload.AddReference();
        holder.Add(payload);
        for (var i = 1; i < _constants.Length; i++)
        {
            if (_constants[i] is { } constant)
            {
                var handle = payload;
                if (!ReferenceEquals(constant.Handle, _payload))
                {
                    handle = constant.Handle.AddReference();
                    holder.Add(handle);
                }

                _constants[i] = constant with { Handle = handle };
            }
        }
    }

    public void Dispose()
    {
        foreach (var handle in _handles)
        {
            handle.Dispose();
        }

        _handles.Clear();
    }
}
