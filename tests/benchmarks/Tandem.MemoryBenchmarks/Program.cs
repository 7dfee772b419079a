// What a loaded model costs. Each figure comes from a process of its own, in which the code was compiled by another program before.
//   Tandem.MemoryBenchmarks peak [MEGABYTES]              most resident memory while a model of fp32 linear layers is loaded and run, as a multiple of its weights
//   Tandem.MemoryBenchmarks second-session MODEL.pte      what a session of a language model costs beside its activations and mutable buffers
//   Tandem.MemoryBenchmarks start [MODEL.pte WARM.pte]    from opening the file to the first token: without packed cache, first start with it, later starts
//   Tandem.MemoryBenchmarks two-sessions MODEL.pte        tokens a second of one session alone and of two at once
using Tandem.MemoryBenchmarks;

switch (args)
{
    case ["peak", .. var rest]:
        PeakMemory.Compare(rest.Length > 0 ? int.Parse(rest[0]) : 256);
        return 0;
    case ["peak-child", var warm, var model, var cache]:
        PeakMemory.Measure(warm, model, cache);
        return 0;
    case ["second-session", var model]:
        SecondSession.Measure(model);
        return 0;
    case ["start"]:
        PeakMemory.WithModels(64, (warm, model, _) => StartTime.Compare(model, warm));
        return 0;
    case ["start", var model, var warm]:
        StartTime.Compare(model, warm);
        return 0;
    case ["start-child", var model, var small, var cache]:
        StartTime.Measure(model, small, cache);
        return 0;
    case ["two-sessions", var model]:
        TwoSessions.Measure(model);
        return 0;
    default:
        Console.Error.WriteLine("peak [MEGABYTES] | second-session MODEL.pte | start [MODEL.pte WARM.pte] | two-sessions MODEL.pte");
        return 2;
}
