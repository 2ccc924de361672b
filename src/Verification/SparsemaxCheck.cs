using Madtp.Kit.Madtp;
using Madtp.Kit.Runtime;

namespace Madtp.Kit.Verification;

/// <summary>sparsemax(T·x) and its gradient.</summary>
internal sealed class SparsemaxCheck(GoldenFixture fixture) : FixtureCheck(fixture)
{
    private const double Projection = 1e-6;

    protected override void Check()
    {
        foreach (var scenario in Fixture.Names.Where(name => name.EndsWith(".x", StringComparison.Ordinal)).Select(name => name[..^2]).Order(StringComparer.Ordinal))
        {
            var temperature = double.Parse(scenario[(scenario.IndexOf(".T", StringComparison.Ordinal) + 2)..], System.Globalization.CultureInfo.InvariantCulture);
            var x = Input($"{scenario}.x").clone().requires_grad_();
            var y = Sparsemax.Project(x * temperature);
            BackwardPass.Run((y * Input($"{scenario}.w")).sum());
            Expect(scenario, "y", y, Projection);
            Expect(scenario, "grad_x", x.grad, Projection);
        }
    }
}
