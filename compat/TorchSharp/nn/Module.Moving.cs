using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public partial class Module
        {
            protected virtual Module _to(Device device, ScalarType dtype, bool non_blocking)
            {
                _toEpilog(device, dtype, non_blocking);
                return this;
            }

            protected virtual Module _to(DeviceType deviceType, int deviceIndex, bool non_blocking)
            {
                _toEpilog(deviceType, deviceIndex, non_blocking);
                return this;
            }

            protected virtual Module _to(ScalarType dtype, bool non_blocking)
            {
                _toEpilog(dtype, non_blocking);
                return this;
            }

            protected void _toEpilog(ScalarType dtype, bool non_blocking) => _toEpilog(dtype, null!, non_blocking);

            protected void _toEpilog(Device device, ScalarType dtype, bool non_blocking)
                => _toEpilog((ScalarType?)dtype, device, non_blocking);

            protected void _toEpilog(DeviceType deviceType, int deviceIndex, bool non_blocking)
                => _toEpilog(null, new Device(deviceType, deviceIndex), non_blocking);

            /// <summary>Moves children, then parameters and buffers, into fields and registrations alike.</summary>
            protected virtual void _toEpilog(ScalarType? dtype, Device device, bool non_blocking)
            {
                foreach (var child in children())
                {
                    child._toEpilog(dtype, device, non_blocking);
                }

                foreach (var (parameterName, parameter) in _internal_params.ToArray<(string, Parameter)>())
                {
                    if (Move(parameter, dtype, device, non_blocking) is { } moved)
                    {
                        Replace(parameter, new Parameter(moved, parameter.requires_grad), parameterName);
                    }
                }

                foreach (var (bufferName, (buffer, persistent)) in _internal_buffers.ToArray<(string, (Tensor, bool))>())
                {
                    if (Move(buffer, dtype, device, non_blocking) is { } moved)
                    {
                        Replace(buffer, moved, bufferName, persistent);
                    }
                }
            }

            internal Module MoveTo(ScalarType? dtype, Device? device, bool non_blocking) => (dtype, device) switch
            {
                ({ } type, { } place) => _to(place, type, non_blocking),
                ({ } type, null) => _to(type, non_blocking),
                (null, { } place) => _to(place.type, place.index, non_blocking),
                _ => this,
            };

            // Null when nothing changes. Only floating-point tensors take another element type, so that indices stay whole.
            private static Tensor? Move(Tensor tensor, ScalarType? dtype, Device? device, bool non_blocking)
            {
                var type = dtype is { } wanted && tensor.is_floating_point() ? wanted : tensor.dtype;
                var place = device ?? tensor.device;
                if (type == tensor.dtype && place.Packed == tensor.device.Packed)
                {
                    return null;
                }

                using var unrecorded = no_grad();
                return tensor.to(type, place, non_blocking: non_blocking).DetachFromDisposeScope();
            }

            private void Replace(Parameter before, Parameter after, string registeredName)
            {
                using (var gradient = before.grad)
                {
                    if (gradient is not null)
                    {
                        after.grad = gradient.to(after.dtype, after.device);
                    }
                }

                _internal_params[registeredName] = after;
                ReplaceField(before, after);
                before.Dispose();
            }

            private void Replace(Tensor before, Tensor after, string registeredName, bool persistent)
            {
                _internal_buffers[registeredName] = (after, persistent);
                ReplaceField(before, after);
                before.Dispose();
            }

            private void ReplaceField(Tensor before, Tensor after)
            {
                foreach (var (_, field) in Fields())
                {
                    if (ReferenceEquals(field.GetValue(this), before))
                    {
                        field.SetValue(this, after);
                    }
                }
            }
        }
    }
}
