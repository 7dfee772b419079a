namespace Tandem.Host.Kernels.Pointwise;

/// <summary>Functions that <see cref="Math"/> lacks, to about 1e-15.</summary>
internal static class SpecialFunctions
{
    /// <summary>The error function: Maclaurin series for small arguments, continued fraction of erfc for large ones.</summary>
    internal static double Erf(double x)
    {
        var a = Math.Abs(x);
        if (double.IsNaN(x) || a == 0)
        {
            return x;
        }

        if (a < 2.5)
        {
            var (term, sum) = (a, a);
            for (var n = 1; n < 100; n++)
            {
                term *= -a * a / n;
                var delta = term / ((2 * n) + 1);
                sum += delta;
                if (Math.Abs(delta) < 1e-17 * Math.Abs(sum))
                {
                    break;
                }
            }

            return Math.CopySign(2 / Math.Sqrt(Math.PI) * sum, x);
        }

        return a > 6 ? Math.CopySign(1, x) : Math.CopySign(1 - Erfc(a), x);
    }

    /// <summary>exp(x) - 1 without cancellation.</summary>
    internal static double Expm1(double x)
    {
        if (Math.Abs(x) > 0.5)
        {
            return Math.Exp(x) - 1;
        }

        var (term, sum) = (x, x);
        for (var n = 2; n < 30 && Math.Abs(term) > 1e-18 * Math.Abs(sum); n++)
        {
            term *= x / n;
            sum += term;
        }

        return sum;
    }

    /// <summary>log(1 + x) without cancellation: the rounding of 1 + x is divided out.</summary>
    internal static double Log1p(double x)
    {
        var u = 1 + x;
        return u == 1 ? x : double.IsPositiveInfinity(u) ? u : Math.Log(u) * (x / (u - 1));
    }

    // The continued fraction of erfc, for a of 2.5 and more.
    private static double Erfc(double a) => Math.Exp(-a * a) / Math.Sqrt(Math.PI) * Fraction(a);

    private static double Fraction(double a)
    {
        // Backward evaluation: 60 levels are exact to double for a of 2.5 and more.
        var value = a;
        for (var k = 60; k >= 1; k--)
        {
            value = a + (k / 2.0 / value);
        }

        return 1 / value;
    }
}
