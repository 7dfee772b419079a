using Tandem.LoweringBenchmarks;

switch (args.FirstOrDefault())
{
    case "peer" when args.Length == 3:
        return PeerComparison.Run(args[1], args[2]);
    case "large" when args.Length <= 2:
        return LargeComparison.Run(args.Length == 2 ? long.Parse(args[1]) : 1024);
    case "sharing" when args.Length == 2:
        return SharingComparison.Run(args[1]);
    case "write-large" when args.Length == 3:
        LargeArchive.Write(args[1], long.Parse(args[2]));
        return 0;
    case "own-lower" when args.Length >= 3:
        OwnLowering.Run(args[1], args[2], args.Length > 3 ? args[3] : "");
        return 0;
    default:
        Console.Error.WriteLine(
            """
            peer SCRIPT MODEL.pt2        lowers an archive with the CPU plugin, and with ExecuTorch's XNNPACK backend: ratio of the times, and our memory.
                                         SCRIPT runs ExecuTorch's lower.py with the arguments that follow it.
            large [MEGABYTES]            writes an archive (1024 MB), lowers it, and compares the memory with the largest weight + 64 MB
            sharing MODEL.pt2            loading time, time of a call and size of the file with sharing on beside sharing off: three ratios
            write-large OUT.pt2 MEGABYTES
            own-lower MODEL.pt2 OUT.pte [tandem.cpu]   Tandem's half: one lowering in a fresh process, its time and its memory
            """);
        return 2;
}
