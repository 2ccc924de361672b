using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Compat.Torch;

public class ModuleTests
{
    [Fact]
    public void FieldsAreRegisteredUnderTheirNames()
    {
        using var scope = NewDisposeScope();
        using var model = new Small();
        Assert.Equal(["scale", "cls_token", "layers.0.weight", "layers.0.bias", "layers.1.weight", "head.0.weight", "head.0.bias", "head.act.weight", "head.act.bias"],
            model.named_parameters().Select(parameter => parameter.name).Order(ByPosition(model)));
        Assert.Equal(["positions", "counter"], model.named_buffers().Select(buffer => buffer.name));
        Assert.Equal(["layers", "head"], model.named_children().Select(child => child.name));
        Assert.Contains("layers.1", model.named_modules().Select(module => module.name));
        Assert.Same(model.scale, model.parameters().First(parameter => parameter.ndim == 0));
        TorchAssert.Shape(model.buffers().First(), 3);
    }

    [Fact]
    public void StateGoesRoundTrip()
    {
        using var scope = NewDisposeScope();
        using var model = new Small();
        using var other = new Small();
        var state = model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.clone());
        Assert.DoesNotContain("counter", state.Keys);
        var (missing, unexpected) = other.load_state_dict(state);
        Assert.Empty(missing);
        Assert.Empty(unexpected);
        var input = randn(2, 4);
        Assert.True(model.call(input).Equals(other.call(input)));
        Assert.True(other.parameters().All(parameter => parameter.requires_grad));
    }

    [Fact]
    public void LoadingNamesWhatDoesNotFit()
    {
        using var scope = NewDisposeScope();
        using var model = new Small();
        var state = model.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.clone());
        state.Remove("scale");
        state["stranger"] = ones(1);
        var error = Assert.Throws<InvalidOperationException>(() => model.load_state_dict(state));
        Assert.Contains("missing [scale], unexpected [stranger]", error.Message);
        Assert.Equal(["scale"], model.load_state_dict(state, strict: false).missing_keys);
        model.load_state_dict(state, skip: ["scale", "stranger"]);
        state["scale"] = ones(2);
        state.Remove("stranger");
        Assert.Contains("scale has the shape [] here and [2]", Assert.Throws<ArgumentException>(() => model.load_state_dict(state)).Message);
    }

    [Fact]
    public void AnotherElementTypeReachesEveryFloatingTensorAndField()
    {
        using var scope = NewDisposeScope();
        using var model = new Small().to(ScalarType.Float64);
        Assert.All(model.parameters(), parameter => Assert.Equal(ScalarType.Float64, parameter.dtype));
        Assert.Equal(ScalarType.Int64, model.positions.dtype);
        Assert.Equal(ScalarType.Float64, model.call(randn([2, 4], ScalarType.Float64)).dtype);
        model.to(CPU).to(ScalarType.Float32);
        Assert.Equal(ScalarType.Float32, model.call(randn(2, 4)).dtype);
    }

    [Fact]
    public void TrainingModeReachesEveryModule()
    {
        using var model = new Small();
        Assert.True(model.training);
        model.eval();
        Assert.All(model.modules(), module => Assert.False(module.training));
        model.train();
        Assert.All(model.modules(), module => Assert.True(module.training));
    }

    [Fact]
    public void HooksSeeAndChangeWhatPasses()
    {
        using var scope = NewDisposeScope();
        using var linear = nn.Linear(2, 2);
        nn.init.ones_(linear.weight);
        nn.init.zeros_(linear.bias!);
        var before = linear.register_forward_pre_hook((_, input) => input * 2);
        var after = linear.register_forward_hook((_, _, output) => output + 1);
        TorchAssert.Equal([5, 5], linear.call(ones(2)));
        before.remove();
        TorchAssert.Equal([3, 3], linear.call(ones(2)));
        after.remove();
        TorchAssert.Equal([2, 2], linear.call(ones(2)));
    }

    [Fact]
    public void ModulesOfSeveralInputsHookAsWell()
    {
        using var scope = NewDisposeScope();
        using var model = new Adding();
        TorchAssert.Equal([3], model.call(ones(1), full(1, 2f)));
        model.register_forward_pre_hook((_, a, b) => (a * 10, b));
        TorchAssert.Equal([12], model.call(ones(1), full(1, 2f)));
    }

    [Fact]
    public void GradientsAreClearedThroughTheModule()
    {
        using var scope = NewDisposeScope();
        using var model = new Small();
        model.call(randn(2, 4)).sum().backward();
        Assert.NotNull(model.scale.grad);
        model.zero_grad(set_to_none: false);
        TorchAssert.Equal([0], model.scale.grad!);
        model.zero_grad();
        Assert.Null(model.scale.grad);
    }

    [Fact]
    public void ASharedParameterCountsOnceButIsSavedUnderBothNames()
    {
        using var scope = NewDisposeScope();
        using var model = new Tied();
        Assert.Equal(["first.weight"], model.named_parameters().Select(parameter => parameter.name));
        Assert.Equal(["first.weight", "second.weight"], model.state_dict().Keys);
    }

    [Fact]
    public void AListRenumbersWhatItHolds()
    {
        using var list = nn.ModuleList(nn.Linear(1, 1), nn.Linear(2, 2));
        list.Insert(0, nn.Linear(3, 3));
        Assert.Equal([9L, 1, 4], list.Select(linear => linear.weight.numel()));
        list.RemoveAt(1);
        Assert.Equal(["0.weight", "0.bias", "1.weight", "1.bias"], list.state_dict().Keys);
    }

    [Fact]
    public void ANameIsTakenOnce()
    {
        using var scope = NewDisposeScope();
        using var model = new Small();
        Assert.Throws<InvalidOperationException>(() => model.register_parameter("scale", new Parameter(ones(1))));
        Assert.Throws<ArgumentException>(() => model.register_module("a.b", nn.GELU()));
    }

    [Fact]
    public void AParameterSharesTheMemoryOfItsTensor()
    {
        using var scope = NewDisposeScope();
        var source = zeros(2);
        var parameter = nn.Parameter(source);
        using (no_grad())
        {
            parameter.add_(1);
        }

        TorchAssert.Equal([1, 1], source.detach());
        Assert.True(parameter.requires_grad);
        Assert.True(parameter.is_leaf);
        Assert.False(nn.Parameter(zeros(1), requires_grad: false).requires_grad);
    }

    private static IComparer<string> ByPosition(nn.Module model)
    {
        var order = model.named_parameters().Select(parameter => parameter.name).ToList();
        return Comparer<string>.Create((a, b) => order.IndexOf(a).CompareTo(order.IndexOf(b)));
    }

    private sealed class Small : nn.Module<Tensor, Tensor>
    {
        internal readonly Parameter scale = nn.Parameter(tensor(2f));
        [ComponentName(Name = "cls_token")]
        private readonly Parameter token = nn.Parameter(ones(4));
        private readonly ModuleList<nn.Module<Tensor, Tensor>> layers = nn.ModuleList<nn.Module<Tensor, Tensor>>(nn.Linear(4, 4), nn.Linear(4, 4, hasBias: false), nn.GELU());
        private readonly Sequential head = nn.Sequential(("0", nn.Linear(4, 3)), ("act", nn.LayerNorm(3)));
        internal readonly Tensor positions = arange(3);

        public Small()
            : base(nameof(Small))
        {
            RegisterComponents();
            register_buffer("counter", zeros(1), persistent: false);
        }

        public override Tensor forward(Tensor input)
        {
            var x = input * scale + token;
            foreach (var layer in layers)
            {
                x = layer.call(x);
            }

            return head.call(x) + positions;
        }
    }

    private sealed class Adding : nn.Module<Tensor, Tensor, Tensor>
    {
        public Adding()
            : base(nameof(Adding))
        {
        }

        public override Tensor forward(Tensor input1, Tensor input2) => input1 + input2;
    }

    private sealed class Tied : nn.Module<Tensor, Tensor>
    {
        private readonly Linear first = nn.Linear(2, 2, hasBias: false);
        private readonly Linear second;

        public Tied()
            : base(nameof(Tied))
        {
            second = first;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => second.call(first.call(input));
    }
}
