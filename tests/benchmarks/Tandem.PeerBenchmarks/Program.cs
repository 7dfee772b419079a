using Tandem.PeerBenchmarks;

switch (args.FirstOrDefault())
{
    case "peers":
        return PeerComparison.Run(new Options(args[1..]));
    case "own-llm" when args.Length >= 2:
        OwnHalf.Llm(args[1], new Options(args[2..]));
        return 0;
    case "own-first" when args.Length >= 3:
        OwnHalf.First(args[1], args[2].Split(','), new Options(args[3..]));
        return 0;
    case "own-repeated" when args.Length >= 2:
        OwnHalf.Repeated(args[1], new Options(args[2..]));
        return 0;
    case "own-load" when args.Length >= 2:
        OwnHalf.Load(args[1], new Options(args[2..]));
        return 0;
    case "own-call" when args.Length >= 4:
        OwnHalf.Call(args[1], args[2], args[3], new Options(args[4..]));
        return 0;
    default:
        Console.Error.WriteLine(
            """
            peers --executorch SCRIPT --vectors FOLDER [--rounds N] [--threads N]
                      Tandem beside ExecuTorch, process by process in turn, on the same files; prints the ratio of each row.
                      SCRIPT runs ExecuTorch's generate.py and run.py with the arguments that follow it.
            own-llm MODEL.pte [--threads N]            Tandem's half: load to first logits, prefill 128, decode 100
            own-first MODEL.pte PROGRAM,... [--threads N]  Tandem's half: first load to first logits after TandemRuntime.WarmUp with other programs
            own-repeated MODEL.pte [--threads N]       Tandem's half: load to first logits, again and again in one process
            own-load MODEL.pte [--threads N]           where the time of loading goes
            own-call MODEL.pte METHOD CASE [--threads N]  Tandem's half: one call of a recorded case, fastest and median
            """);
        return 2;
}
