using TorchSharp.Interop;

namespace TorchSharp.Modules;

/// <summary>Adam with decoupled weight decay (Loshchilov and Hutter, 2019, algorithm 2).</summary>
public class AdamW : OptimizerHelper
{
    public AdamW(
        IEnumerable<Parameter> parameters,
        double lr = 1e-3,
        double beta1 = 0.9,
        double beta2 = 0.999,
        double eps = 1e-8,
        double weight_decay = 0,
        bool amsgrad = false,
        bool maximize = false)
        : this([new ParamGroup(parameters, new Options())], lr, beta1, beta2, eps, weight_decay, amsgrad, maximize)
    {
    }

    public AdamW(
        IEnumerable<ParamGroup> parameters,
        double lr = 1e-3,
        double beta1 = 0.9,
        double beta2 = 0.999,
        double eps = 1e-8,
        double weight_decay = 0,
        bool amsgrad = false,
        bool maximize = false)
    {
        if (lr < 0 || eps < 0 || weight_decay < 0 || beta1 is < 0 or >= 1 || beta2 is < 0 or >= 1)
        {
            throw new ArgumentException($"AdamW's settings are out of range: lr {lr}, betas ({beta1}, {beta2}), eps {eps}, weight decay {weight_decay}");
        }

        _defaults = new Options
        {
            LearningRate = lr,
            InitialLearningRate = lr,
            beta1 = beta1,
            beta2 = beta2,
            eps = eps,
            weight_decay = weight_decay,
            amsgrad = amsgrad,
            maximize = maximize,
        };
        foreach (var group in parameters)
        {
            add_param_group(group);
        }
    }

    public override void add_param_group(Modules.ParamGroup param_group)
    {
        var defaults = (Options)_defaults;
        if (param_group.Options is not Options options)
        {
            throw new ArgumentException($"AdamW takes groups of its own kind, not {param_group.GetType().Name}", nameof(param_group));
        }

        options.LearningRate ??= defaults.LearningRate;
        options.InitialLearningRate = options.LearningRate!.Value;
        options.beta1 ??= defaults.beta1;
        options.beta2 ??= defaults.beta2;
        options.eps ??= defaults.eps;
        options.weight_decay ??= defaults.weight_decay;
        options.amsgrad ??= defaults.amsgrad;
        options.maximize ??= defaults.maximize;
        base.add_param_group(param_group);
    }

    public override torch.Tensor? step(Func<torch.Tensor>? closure = null)
    {
        torch.Tensor? loss = null;
        if (closure is not null)
        {
            using var recorded = torch.enable_grad();
            loss = closure();
        }

        using var unrecorded = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        foreach (var group in _parameter_groups)
        {
            Step(group);
        }

        return loss;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (var (_, state) in _state)
            {
                ((State)state).Dispose();
            }

            _state.clear();
        }

        base.Dispose(disposing);
    }

    private protected override OptimizerState NewState(Parameter parameter) => new State(parameter);

    // Parameters at the same step share their bias correction, so a list operator serves them all at once.
    private void Step(Modules.ParamGroup group)
    {
        var withGradient = group.Parameters
            .Select(parameter => (Parameter: parameter, Gradient: parameter.grad, State: (State)_state[parameter.Handle]))
            .Where(entry => entry.Gradient is not null)
            .GroupBy(entry => (++entry.State.step, entry.Parameter.dtype, entry.Parameter.device.Packed));
        foreach (var together in withGradient)
        {
            var parameters = together.Select(entry => (torch.Tensor)entry.Parameter).ToArray();
            var gradients = together.Select(entry => entry.Gradient!).ToArray();
            Step((Options)group.Options, together.Key.Item1, parameters, gradients, together.Select(entry => entry.State).ToArray());
        }
    }

    private static void Step(Options options, long step, torch.Tensor[] parameters, torch.Tensor[] gradients, State[] states)
    {
        double rate = options.LearningRate!.Value, beta1 = options.beta1!.Value, beta2 = options.beta2!.Value;
        var means = Array.ConvertAll(states, state => state.exp_avg);
        var squares = Array.ConvertAll(states, state => state.exp_avg_sq);
        if (options.maximize == true)
        {
            gradients = Aten.Many("_foreach_neg", gradients);
        }

        if (options.weight_decay != 0)
        {
            Aten.Run("_foreach_mul_.Scalar", parameters, 1 - (rate * options.weight_decay!.Value));
        }

        Aten.Run("_foreach_mul_.Scalar", means, beta1);
        Aten.Run("_foreach_add_.List", means, gradients, 1 - beta1);
        Aten.Run("_foreach_mul_.Scalar", squares, beta2);
        Aten.Run("_foreach_addcmul_.Scalar", squares, gradients, gradients, 1 - beta2);
        if (options.amsgrad == true)
        {
            squares = Array.ConvertAll(states, state => state.Largest());
        }

        var deviations = Aten.Many("_foreach_sqrt", squares);
        Aten.Run("_foreach_div_.Scalar", deviations, Math.Sqrt(1 - Math.Pow(beta2, step)));
        Aten.Run("_foreach_add_.Scalar", deviations, options.eps!.Value);
        Aten.Run("_foreach_addcdiv_.Scalar", parameters, means, deviations, -rate / (1 - Math.Pow(beta1, step)));
    }

    public class Options : OptimizerOptions
    {
        public double? beta1;
        public double? beta2;
        public double? eps;
        public double? weight_decay;
        public bool? amsgrad;
        public bool? maximize;

        public Options()
        {
        }

        public override void LoadStateDict(OptimizerOptions source)
        {
            base.LoadStateDict(source);
            if (source is Options other)
            {
                (beta1, beta2, eps) = (other.beta1, other.beta2, other.eps);
                (weight_decay, amsgrad, maximize) = (other.weight_decay, other.amsgrad, other.maximize);
            }
        }
    }

    public class ParamGroup : ParamGroup<Options>
    {
        public ParamGroup(IEnumerable<Parameter> parameters, Options options)
            : base(parameters, options)
        {
        }

        public ParamGroup(
            IEnumerable<Parameter> parameters,
            double lr = 1e-3,
            double beta1 = 0.9,
            double beta2 = 0.999,
            double eps = 1e-8,
            double weight_decay = 0,
            bool amsgrad = false,
            bool maximize = false)
            : base(
                parameters,
                new Options
                {
                    LearningRate = lr,
                    beta1 = beta1,
                    beta2 = beta2,
                    eps = eps,
                    weight_decay = weight_decay,
                    amsgrad = amsgrad,
                    maximize = maximize,
                })
        {
        }
    }

    public sealed class State : OptimizerState, IDisposable
    {
        public long step;
        public torch.Tensor exp_avg = null!;
        public torch.Tensor exp_avg_sq = null!;
        public torch.Tensor? max_exp_avg_sq;

        public State(Parameter parameter)
            : base(parameter)
        {
        }

        public override void Initialize(OptimizerOptions options)
        {
            step = 0;
            exp_avg = torch.zeros_like(_parameter).DetachFromDisposeScope();
            exp_avg_sq = torch.zeros_like(_parameter).DetachFromDisposeScope();
            max_exp_avg_sq = (options as Options)?.amsgrad == true ? torch.zeros_like(_parameter).DetachFromDisposeScope() : null;
        }

        public override void LoadStateDict(OptimizerState source)
        {
            var other = (State)source;
            using var unrecorded = torch.no_grad();
            step = other.step;
            exp_avg.copy_(other.exp_avg);
            exp_avg_sq.copy_(other.exp_avg_sq);
            if (other.max_exp_avg_sq is not null)
            {
                max_exp_avg_sq ??= torch.zeros_like(_parameter).DetachFromDisposeScope();
                max_exp_avg_sq.copy_(other.max_exp_avg_sq);
            }
        }

        public void Dispose()
        {
            exp_avg.Dispose();
            exp_avg_sq.Dispose();
            max_exp_avg_sq?.Dispose();
            GC.SuppressFinalize(this);
        }

        internal torch.Tensor Largest()
        {
            using var larger = torch.maximum(max_exp_avg_sq!, exp_avg_sq);
            return max_exp_avg_sq!.copy_(larger);
        }
    }
}
