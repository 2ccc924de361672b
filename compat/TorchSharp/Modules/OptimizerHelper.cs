using TorchSharp.Utils;

namespace TorchSharp.Modules;

/// <summary>Groups, states and their saving, as every optimizer has them.</summary>
public abstract class OptimizerHelper : torch.optim.Optimizer
{
    protected OptimizerOptions _defaults = new();
    protected OrderedDict<IntPtr, OptimizerState> _state = new();

    public OptimizerHelper()
    {
    }

    public override void add_param_group(ParamGroup param_group)
    {
        param_group.Parameters = param_group.Parameters.ToList();
        foreach (var parameter in param_group.Parameters)
        {
            if (_state.ContainsKey(parameter.Handle))
            {
                throw new ArgumentException("a parameter appears in more than one place of the optimizer's groups", nameof(param_group));
            }

            var state = NewState(parameter);
            state.Initialize(param_group.Options);
            _state.Add(parameter.Handle, state);
        }

        _parameter_groups.Add(param_group);
    }

    public virtual StateDictionary state_dict()
    {
        var dictionary = new StateDictionary();
        foreach (var group in _parameter_groups)
        {
            dictionary.Options.Add(group.Options);
            var indices = new List<int>();
            foreach (var parameter in group.Parameters)
            {
                indices.Add(dictionary.State.Count);
                dictionary.State.Add(_state[parameter.Handle]);
            }

            dictionary.StateIndexRef.Add(indices);
        }

        return dictionary;
    }

    /// <summary>Takes over another optimizer's settings and states, group by group and parameter by parameter.</summary>
    /// <exception cref="ArgumentException">Its groups or their sizes differ from this one's.</exception>
    public virtual void load_state_dict(StateDictionary state_dict)
    {
        var own = this.state_dict();
        if (!own.StateIndexRef.Select(group => group.Count).SequenceEqual(state_dict.StateIndexRef.Select(group => group.Count)))
        {
            throw new ArgumentException(
                $"the loaded state has groups of [{Sizes(state_dict)}] parameters, this optimizer of [{Sizes(own)}]", nameof(state_dict));
        }

        for (var i = 0; i < own.Options.Count; i++)
        {
            own.Options[i].LoadStateDict(state_dict.Options[i]);
        }

        for (var i = 0; i < own.State.Count; i++)
        {
            own.State[i].LoadStateDict(state_dict.State[i]);
        }
    }

    private protected abstract OptimizerState NewState(Parameter parameter);

    private static string Sizes(StateDictionary dictionary) => string.Join(", ", dictionary.StateIndexRef.Select(group => group.Count));
}
