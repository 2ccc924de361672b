// Binds libtorch for managed callers. One idea: the dispatcher already knows every ATen operator by its
// schema, so a caller names an operator, passes a small tagged argument array, and receives tensors.
// The schema drives conversion and supplies every default, which is why one entry point serves all operators
// from libtorch 1.13 on, on any device, with autograd.
//
// No C++ exception leaves this file: a failing function returns its failure value (-1 or null) and keeps
// the message for kit_last_error on the same thread.

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/cuda.h>
#include <torch/version.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#define KIT_API extern "C" __attribute__((visibility("default")))

// libtorch's own optional became the standard one on the way from 1.13 to 2.x.
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
#include <optional>
template <typename T>
using Optional = std::optional<T>;
#else
template <typename T>
using Optional = c10::optional<T>;
#endif

namespace {

enum class Tag : int32_t {
  Default = 0,     // take the schema's default
  None = 1,
  Tensor = 2,      // payload: tensor handle
  Int = 3,
  Double = 4,
  Bool = 5,
  IntList = 6,     // payload: int64_t[count]
  DoubleList = 7,  // payload: double[count]
  TensorList = 8,  // payload: tensor handle[count], null for an absent one
  String = 9,      // payload: char[count], UTF-8
  Device = 10,     // payload: type in the low 32 bits, index in the high ones
  Generator = 11,  // payload: generator handle
};

struct Value {
  Tag tag;
  int32_t count;
  union {
    void* pointer;
    int64_t integer;
    double real;
  };
};
static_assert(sizeof(Value) == 16, "the managed side lays this out by hand");

// What an operator's parameter wants, read once from its schema.
enum class Want { Tensor, TensorList, OptionalTensorList, Scalar, Int, IntList, Double, DoubleList, Bool, Other };

struct Operator {
  c10::OperatorHandle handle;
  std::vector<Want> wants;
  std::vector<c10::IValue> defaults;
  std::vector<bool> hasDefault;
  std::vector<bool> isOptional;
};

thread_local std::string lastError;
thread_local std::vector<c10::IValue> callStack;
thread_local std::vector<Value> overflow;
std::atomic<int64_t> liveHandles{0};

void keepError(const std::exception& error) {
  // c10::Error carries a backtrace in what(); callers want the sentence.
  if (auto torchError = dynamic_cast<const c10::Error*>(&error)) {
    lastError = torchError->what_without_backtrace();
  } else {
    lastError = error.what();
  }
}

template <typename Result, typename Body>
Result guarded(Result failure, Body&& body) noexcept {
  try {
    return body();
  } catch (const std::exception& error) {
    keepError(error);
  } catch (...) {
    lastError = "an unknown native exception";
  }
  return failure;
}

at::Tensor borrow(void* handle) {
  return at::Tensor(c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::reclaim_copy(
      static_cast<c10::TensorImpl*>(handle)));
}

// Takes over a handle that the caller gives up.
at::Tensor take(void* handle) {
  if (handle == nullptr) {
    return at::Tensor();
  }
  liveHandles.fetch_sub(1, std::memory_order_relaxed);
  return at::Tensor(c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::reclaim(
      static_cast<c10::TensorImpl*>(handle)));
}

// An undefined tensor has no handle.
void* give(at::Tensor&& tensor) {
  if (!tensor.defined()) {
    return nullptr;
  }
  liveHandles.fetch_add(1, std::memory_order_relaxed);
  return tensor.unsafeReleaseTensorImpl();
}

Want wantOf(c10::TypePtr type) {
  if (auto optional = type->cast<c10::OptionalType>()) {
    type = optional->getElementType();
  }
  switch (type->kind()) {
    case c10::TypeKind::TensorType: return Want::Tensor;
    case c10::TypeKind::NumberType: return Want::Scalar;
    case c10::TypeKind::IntType: return Want::Int;
    case c10::TypeKind::FloatType: return Want::Double;
    case c10::TypeKind::BoolType: return Want::Bool;
    case c10::TypeKind::ListType: break;
    default: return Want::Other;
  }
  auto element = type->castRaw<c10::ListType>()->getElementType();
  switch (element->kind()) {
    case c10::TypeKind::TensorType: return Want::TensorList;
    case c10::TypeKind::OptionalType: return Want::OptionalTensorList;
    case c10::TypeKind::IntType: return Want::IntList;
    case c10::TypeKind::FloatType: return Want::DoubleList;
    default: return Want::Other;
  }
}

[[noreturn]] void refuse(const Operator& op, size_t position, const char* given) {
  const auto& argument = op.handle.schema().arguments()[position];
  std::string text = op.handle.schema().name();
  text += "(): argument '" + argument.name() + "' (position " + std::to_string(position + 1) + ") must be " +
      argument.type()->str() + ", not " + given;
  throw std::invalid_argument(text);
}

c10::IValue convertList(const Operator& op, size_t position, const Value& value, Want want) {
  const auto count = static_cast<size_t>(value.count);
  if (value.tag == Tag::IntList) {
    const auto* items = static_cast<const int64_t*>(value.pointer);
    if (want == Want::IntList) {
      return c10::IValue(at::IntArrayRef(items, count));
    }
    if (want == Want::DoubleList) {
      return c10::IValue(std::vector<double>(items, items + count));
    }
    refuse(op, position, "a list of integers");
  }
  if (value.tag == Tag::DoubleList) {
    const auto* items = static_cast<const double*>(value.pointer);
    if (want == Want::DoubleList) {
      return c10::IValue(std::vector<double>(items, items + count));
    }
    refuse(op, position, "a list of numbers");
  }
  auto* const* items = static_cast<void* const*>(value.pointer);
  if (want == Want::TensorList) {
    c10::List<at::Tensor> list;
    list.reserve(count);
    for (size_t i = 0; i < count; i++) {
      list.push_back(items[i] == nullptr ? at::Tensor() : borrow(items[i]));
    }
    return c10::IValue(std::move(list));
  }
  if (want == Want::OptionalTensorList) {
    c10::List<Optional<at::Tensor>> list;
    list.reserve(count);
    for (size_t i = 0; i < count; i++) {
      if (items[i] == nullptr) {
        list.push_back(Optional<at::Tensor>());
      } else {
        list.push_back(borrow(items[i]));
      }
    }
    return c10::IValue(std::move(list));
  }
  refuse(op, position, "a list of tensors");
}

c10::IValue convert(const Operator& op, size_t position, const Value& value) {
  const Want want = op.wants[position];
  switch (value.tag) {
    case Tag::Default:
      if (!op.hasDefault[position]) {
        refuse(op, position, "left out");
      }
      return op.defaults[position];
    case Tag::None:
      if (!op.isOptional[position] && want != Want::Other) {
        refuse(op, position, "None");
      }
      return c10::IValue();
    case Tag::Tensor:
      if (want != Want::Tensor) {
        refuse(op, position, "a tensor");
      }
      return c10::IValue(borrow(value.pointer));
    case Tag::Int:
      switch (want) {
        case Want::Int:
        case Want::Scalar: return c10::IValue(value.integer);
        case Want::Double: return c10::IValue(static_cast<double>(value.integer));
        case Want::Bool: return c10::IValue(value.integer != 0);
        case Want::IntList: return c10::IValue(at::IntArrayRef(value.integer));
        default: refuse(op, position, "an integer");
      }
    case Tag::Double:
      switch (want) {
        case Want::Double:
        case Want::Scalar: return c10::IValue(value.real);
        case Want::DoubleList: return c10::IValue(std::vector<double>{value.real});
        default: refuse(op, position, "a number");
      }
    case Tag::Bool:
      switch (want) {
        case Want::Bool:
        case Want::Scalar: return c10::IValue(value.integer != 0);
        case Want::Int: return c10::IValue(value.integer);
        default: refuse(op, position, "a boolean");
      }
    case Tag::String:
      return c10::IValue(std::string(static_cast<const char*>(value.pointer), static_cast<size_t>(value.count)));
    case Tag::Device:
      return c10::IValue(c10::Device(
          static_cast<c10::DeviceType>(static_cast<int32_t>(value.integer)),
          static_cast<c10::DeviceIndex>(value.integer >> 32)));
    case Tag::Generator:
      return c10::IValue(*static_cast<at::Generator*>(value.pointer));
    default:
      return convertList(op, position, value, want);
  }
}

void collect(c10::IValue&& value, std::vector<Value>& results) {
  Value result{};
  if (value.isTensor()) {
    result.tag = Tag::Tensor;
    result.pointer = give(std::move(value).toTensor());
  } else if (value.isTensorList()) {
    for (const at::Tensor& tensor : value.toTensorVector()) {
      collect(c10::IValue(tensor), results);
    }
    return;
  } else if (value.isTuple()) {
    for (const c10::IValue& element : value.toTupleRef().elements()) {
      collect(c10::IValue(element), results);
    }
    return;
  } else if (value.isInt()) {
    result.tag = Tag::Int;
    result.integer = value.toInt();
  } else if (value.isDouble()) {
    result.tag = Tag::Double;
    result.real = value.toDouble();
  } else if (value.isBool()) {
    result.tag = Tag::Bool;
    result.integer = value.toBool() ? 1 : 0;
  } else if (value.isNone()) {
    result.tag = Tag::None;
  } else {
    throw std::invalid_argument("an operator returned a " + value.tagKind() + ", which has no managed form");
  }
  results.push_back(result);
}

// Results that do not fit the caller's array wait in `overflow` for kit_take.
int32_t deliver(Value* results, int32_t capacity) {
  const auto count = static_cast<int32_t>(overflow.size());
  if (count <= capacity) {
    std::copy(overflow.begin(), overflow.end(), results);
    overflow.clear();
  }
  return count;
}

int32_t call(const Operator& op, const Value* arguments, int32_t given, Value* results, int32_t capacity) {
  // Taken out of the thread's slot, so that a custom function calling back from inside starts with its own.
  std::vector<c10::IValue> stack = std::move(callStack);
  stack.clear();
  const size_t total = op.wants.size();
  if (static_cast<size_t>(given) > total) {
    throw std::invalid_argument(op.handle.schema().name() + "() takes " + std::to_string(total) + " arguments, not " +
        std::to_string(given));
  }
  for (size_t i = 0; i < total; i++) {
    if (i < static_cast<size_t>(given)) {
      stack.push_back(convert(op, i, arguments[i]));
    } else if (op.hasDefault[i]) {
      stack.push_back(op.defaults[i]);
    } else {
      refuse(op, i, "left out");
    }
  }
  op.handle.callBoxed(stack);
  int32_t count;
  if (capacity == 0) {
    count = 0;
  } else if (stack.size() == 1 && stack[0].isTensor()) {
    results[0].tag = Tag::Tensor;
    results[0].pointer = give(std::move(stack[0]).toTensor());
    count = 1;
  } else {
    std::vector<Value> collected;
    for (c10::IValue& value : stack) {
      collect(std::move(value), collected);
    }
    overflow = std::move(collected);
    count = deliver(results, capacity);
  }
  stack.clear();
  callStack = std::move(stack);
  return count;
}

std::vector<at::Tensor> borrowAll(void* const* handles, int32_t count) {
  std::vector<at::Tensor> tensors;
  tensors.reserve(static_cast<size_t>(count));
  for (int32_t i = 0; i < count; i++) {
    tensors.push_back(handles[i] == nullptr ? at::Tensor() : borrow(handles[i]));
  }
  return tensors;
}

// A managed function in the autograd graph: backward calls back with an identifier. Handles change owner both ways.
using BackwardCallback = int32_t (*)(int64_t id, void* const* gradients, int32_t count, void** results, int32_t capacity);
using ReleaseCallback = void (*)(int64_t id);

struct ManagedNode : public torch::autograd::Node {
  int64_t id = 0;
  BackwardCallback callback = nullptr;
  ReleaseCallback released = nullptr;

  ~ManagedNode() override {
    if (released != nullptr) {
      released(id);
    }
  }

  torch::autograd::variable_list apply(torch::autograd::variable_list&& gradients) override {
    std::vector<void*> given;
    for (auto& gradient : gradients) {
      given.push_back(give(std::move(gradient)));
    }
    std::vector<void*> results(num_outputs(), nullptr);
    const int32_t count = callback(id, given.data(), static_cast<int32_t>(given.size()), results.data(),
        static_cast<int32_t>(results.size()));
    if (count < 0) {
      throw std::runtime_error("the backward of a managed autograd function failed");
    }
    torch::autograd::variable_list out;
    for (void* result : results) {
      out.push_back(take(result));
    }
    return out;
  }
};

}  // namespace

// ---- errors and operators ----------------------------------------------------------------------------------

KIT_API const char* kit_last_error() { return lastError.c_str(); }

KIT_API const char* kit_version() { return TORCH_VERSION; }

KIT_API int64_t kit_live_handles() { return liveHandles.load(std::memory_order_relaxed); }

// The operator `name` (with its namespace) and `overload`; null when this libtorch has none, without an error.
KIT_API void* kit_operator(const char* name, const char* overload) {
  return guarded<void*>(nullptr, [&]() -> void* {
    lastError.clear();
    auto found = c10::Dispatcher::singleton().findSchema({name, overload});
    if (!found.has_value()) {
      return nullptr;
    }
    auto op = std::make_unique<Operator>(Operator{*found, {}, {}, {}, {}});
    for (const auto& argument : found->schema().arguments()) {
      op->wants.push_back(wantOf(argument.type()));
      const bool optional = argument.type()->kind() == c10::TypeKind::OptionalType;
      op->isOptional.push_back(optional);
      op->hasDefault.push_back(argument.default_value().has_value() || optional);
      op->defaults.push_back(argument.default_value().has_value() ? *argument.default_value() : c10::IValue());
    }
    return op.release();  // Lives as long as the process: operators are cached by name.
  });
}

// Calls `op` and returns the number of results, or -1. With no `capacity` they are dropped; more than `capacity`
// wait for kit_take.
KIT_API int32_t kit_call(const void* op, const Value* arguments, int32_t given, Value* results, int32_t capacity) {
  return guarded<int32_t>(-1, [&] {
    return call(*static_cast<const Operator*>(op), arguments, given, results, capacity);
  });
}

KIT_API int32_t kit_take(Value* results, int32_t capacity) { return deliver(results, capacity); }

// ---- tensors -----------------------------------------------------------------------------------------------

KIT_API void kit_free(void* handle) {
  guarded<int32_t>(-1, [&] {
    take(handle);
    return 0;
  });
}

// A second handle on the same tensor.
KIT_API void* kit_share(void* handle) {
  return guarded<void*>(nullptr, [&] { return give(borrow(handle)); });
}

// A CPU tensor holding a copy of `bytes` bytes (as many as shape and type need; null leaves it uninitialised).
KIT_API void* kit_from_memory(const void* source, int64_t bytes, const int64_t* shape, int32_t rank, int32_t type) {
  return guarded<void*>(nullptr, [&] {
    static const auto empty = c10::Dispatcher::singleton().findSchemaOrThrow("aten::empty", "memory_format");
    c10::InferenceMode notInference(false);
    std::vector<c10::IValue> stack{c10::IValue(at::IntArrayRef(shape, static_cast<size_t>(rank))),
        c10::IValue(static_cast<int64_t>(type)), c10::IValue(), c10::IValue(c10::Device(c10::kCPU)), c10::IValue(),
        c10::IValue()};
    empty.callBoxed(stack);
    at::Tensor tensor = std::move(stack[0]).toTensor();
    if (static_cast<int64_t>(tensor.nbytes()) < bytes) {
      throw std::invalid_argument("the data holds " + std::to_string(bytes) + " bytes, more than the shape's " +
          std::to_string(tensor.nbytes()));
    }
    if (source != nullptr && bytes > 0) {
      std::memcpy(tensor.data_ptr(), source, static_cast<size_t>(bytes));
    }
    return give(std::move(tensor));
  });
}

KIT_API void* kit_data(void* handle) {
  return guarded<void*>(nullptr, [&] { return borrow(handle).data_ptr(); });
}

KIT_API int32_t kit_rank(void* handle) {
  return static_cast<int32_t>(static_cast<c10::TensorImpl*>(handle)->dim());
}

KIT_API int32_t kit_shape(void* handle, int64_t* sizes, int32_t capacity) {
  return guarded<int32_t>(-1, [&] {
    const auto found = static_cast<c10::TensorImpl*>(handle)->sizes();
    for (size_t i = 0; i < found.size() && static_cast<int32_t>(i) < capacity; i++) {
      sizes[i] = found[i];
    }
    return static_cast<int32_t>(found.size());
  });
}

KIT_API int32_t kit_strides(void* handle, int64_t* strides, int32_t capacity) {
  return guarded<int32_t>(-1, [&] {
    const auto found = static_cast<c10::TensorImpl*>(handle)->strides();
    for (size_t i = 0; i < found.size() && static_cast<int32_t>(i) < capacity; i++) {
      strides[i] = found[i];
    }
    return static_cast<int32_t>(found.size());
  });
}

KIT_API int64_t kit_count(void* handle) { return static_cast<c10::TensorImpl*>(handle)->numel(); }

KIT_API int32_t kit_type(void* handle) {
  return guarded<int32_t>(-1, [&] { return static_cast<int32_t>(borrow(handle).scalar_type()); });
}

// Device type in the low 32 bits, index in the high ones.
KIT_API int64_t kit_device(void* handle) {
  return guarded<int64_t>(-1, [&] {
    const c10::Device device = static_cast<c10::TensorImpl*>(handle)->device();
    return static_cast<int64_t>(static_cast<uint32_t>(device.type())) | (static_cast<int64_t>(device.index()) << 32);
  });
}

KIT_API int32_t kit_is_contiguous(void* handle) {
  return guarded<int32_t>(-1, [&] { return borrow(handle).is_contiguous() ? 1 : 0; });
}

// ---- autograd ----------------------------------------------------------------------------------------------

KIT_API int32_t kit_requires_grad(void* handle) {
  return guarded<int32_t>(-1, [&] { return borrow(handle).requires_grad() ? 1 : 0; });
}

KIT_API int32_t kit_set_requires_grad(void* handle, int32_t required) {
  return guarded<int32_t>(-1, [&] {
    borrow(handle).set_requires_grad(required != 0);
    return 0;
  });
}

KIT_API int32_t kit_is_leaf(void* handle) {
  return guarded<int32_t>(-1, [&] { return borrow(handle).is_leaf() ? 1 : 0; });
}

KIT_API int32_t kit_retain_grad(void* handle) {
  return guarded<int32_t>(-1, [&] {
    borrow(handle).retain_grad();
    return 0;
  });
}

// The gradient, or null (also when it fails: kit_last_error is then not empty).
KIT_API void* kit_grad(void* handle) {
  return guarded<void*>(nullptr, [&] {
    lastError.clear();
    return give(at::Tensor(borrow(handle).grad()));
  });
}

KIT_API int32_t kit_set_grad(void* handle, void* gradient) {
  return guarded<int32_t>(-1, [&] {
    borrow(handle).mutable_grad() = gradient == nullptr ? at::Tensor() : borrow(gradient);
    return 0;
  });
}

KIT_API int32_t kit_backward(void* const* tensors, int32_t count, void* const* gradients, int32_t gradientCount,
    int32_t retainGraph, int32_t createGraph, void* const* inputs, int32_t inputCount) {
  return guarded<int32_t>(-1, [&] {
    torch::autograd::backward(borrowAll(tensors, count), borrowAll(gradients, gradientCount), retainGraph != 0,
        createGraph != 0, borrowAll(inputs, inputCount));
    return 0;
  });
}

// Gradients of `outputs` with respect to `inputs`, in `results` (null where unused).
KIT_API int32_t kit_gradients(void* const* outputs, int32_t outputCount, void* const* inputs, int32_t inputCount,
    void* const* gradients, int32_t gradientCount, int32_t retainGraph, int32_t createGraph, int32_t allowUnused,
    void** results) {
  return guarded<int32_t>(-1, [&] {
    auto found = torch::autograd::grad(borrowAll(outputs, outputCount), borrowAll(inputs, inputCount),
        borrowAll(gradients, gradientCount), retainGraph != 0, createGraph != 0, allowUnused != 0);
    for (size_t i = 0; i < found.size(); i++) {
      results[i] = give(std::move(found[i]));
    }
    return 0;
  });
}

// Joins `outputs` (made without grad) to `inputs` in the graph; the managed side computes the backward of `id`.
KIT_API int32_t kit_join(int64_t id, void* const* inputs, int32_t inputCount, void* const* outputs, int32_t outputCount,
    BackwardCallback callback, ReleaseCallback released) {
  return guarded<int32_t>(-1, [&] {
    std::shared_ptr<ManagedNode> node(new ManagedNode(), torch::autograd::deleteNode);
    node->id = id;
    node->callback = callback;
    node->released = released;
    torch::autograd::edge_list edges;
    for (const at::Tensor& input : borrowAll(inputs, inputCount)) {
      edges.push_back(input.defined() && input.requires_grad() ? torch::autograd::impl::gradient_edge(input)
                                                               : torch::autograd::Edge());
    }
    node->set_next_edges(std::move(edges));
    for (at::Tensor& output : borrowAll(outputs, outputCount)) {
      const auto slot = node->add_input_metadata(output);
      torch::autograd::impl::set_gradient_edge(output, {node, slot});
    }
    return 0;
  });
}

KIT_API int32_t kit_grad_mode() { return c10::GradMode::is_enabled() ? 1 : 0; }

KIT_API void kit_set_grad_mode(int32_t enabled) { c10::GradMode::set_enabled(enabled != 0); }

KIT_API void* kit_enter_inference_mode(int32_t enabled) {
  return guarded<void*>(nullptr, [&] { return new c10::InferenceMode(enabled != 0); });
}

KIT_API void kit_leave_inference_mode(void* mode) { delete static_cast<c10::InferenceMode*>(mode); }

// ---- machine -----------------------------------------------------------------------------------------------

KIT_API int32_t kit_set_threads(int32_t count) {
  return guarded<int32_t>(-1, [&] {
    at::set_num_threads(count);
    return 0;
  });
}

KIT_API int32_t kit_threads() { return at::get_num_threads(); }

KIT_API int32_t kit_manual_seed(int64_t seed) {
  return guarded<int32_t>(-1, [&] {
    at::manual_seed(static_cast<uint64_t>(seed));
    return 0;
  });
}

KIT_API void* kit_generator(int32_t useDefault, int64_t seed, int32_t deviceType, int32_t deviceIndex) {
  return guarded<void*>(nullptr, [&] {
    const c10::Device device(static_cast<c10::DeviceType>(deviceType), static_cast<c10::DeviceIndex>(deviceIndex));
    at::Generator generator = at::globalContext().defaultGenerator(device);
    if (useDefault == 0) {
      generator = generator.clone();
      generator.set_current_seed(static_cast<uint64_t>(seed));
    }
    return new at::Generator(std::move(generator));
  });
}

KIT_API void kit_free_generator(void* generator) { delete static_cast<at::Generator*>(generator); }

KIT_API void* kit_generator_state(void* generator) {
  return guarded<void*>(nullptr, [&] { return give(static_cast<at::Generator*>(generator)->get_state()); });
}

KIT_API int32_t kit_set_generator_state(void* generator, void* state) {
  return guarded<int32_t>(-1, [&] {
    static_cast<at::Generator*>(generator)->set_state(borrow(state));
    return 0;
  });
}

KIT_API int32_t kit_cuda_count() {
  return guarded<int32_t>(0, [] { return static_cast<int32_t>(torch::cuda::device_count()); });
}

KIT_API int32_t kit_cuda_synchronize(int64_t device) {
  return guarded<int32_t>(-1, [&] {
    torch::cuda::synchronize(device);
    return 0;
  });
}
