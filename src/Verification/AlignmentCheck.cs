using Madtp.Kit.Models;
using Madtp.Kit.Madtp;
using Madtp.Kit.Runtime;

namespace Madtp.Kit.Verification;

/// <summary>Alignment guidance on its own: raw scores, maps, features and their gradients, with and without a map.</summary>
internal sealed class AlignmentCheck(GoldenFixture fixture) : FixtureCheck(fixture)
{
    protected override void Check()
    {
        Scenario("map0", null);
        var map = new AlignmentMap(Fixture.Size("ft_dim"), Fixture.Size("sd_dim"));
        StateLoading.Into(map, Fixture, "map1.", ignore: ["space_dict"]);
        Scenario("map1", map);
    }

    private void Scenario(string scenario, AlignmentMap? map)
    {
        var tokens = Input($"{scenario}.ft").clone().requires_grad_();
        var learnable = Input($"{scenario}.space_dict").clone().requires_grad_();
        var mapped = map?.forward(tokens) ?? tokens;
        var raw = AlignmentGuidance.RawScores(mapped, learnable);
        var maps = AlignmentGuidance.AttentionMaps(raw, learnable.shape[1]);
        var features = AlignmentGuidance.Features(maps, mapped);
        BackwardPass.Run((features * Input($"{scenario}.gw")).sum());
        Expect(scenario, "token_att", raw, Scores);
        Expect(scenario, "att_weight", maps, Scores);
        Expect(scenario, "att_ft", features, Features);
        Expect(scenario, "grad_ft", tokens.grad, Gradients);
        Expect(scenario, "grad_space_dict", learnable.grad, Gradients);
        if (map is not null)
        {
            Expect(scenario, "grad_q_map_weight", map.named_parameters().Single(p => p.name == "q_map.0.weight").parameter.grad, Gradients);
        }
    }
}
