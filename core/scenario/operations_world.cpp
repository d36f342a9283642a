#include "core/scenario/operations_world.h"

#include <utility>

namespace palloscope::core {
namespace {

std::uint64_t peak_of(const TupleSort& sort) {
  return sort.used_bytes() < 0 ? 0 : static_cast<std::uint64_t>(sort.used_bytes());
}
std::uint64_t peak_of(const HashJoin& join) { return join.peak_bytes(); }
std::uint64_t peak_of(const HashAggregate& aggregate) { return aggregate.peak_bytes(); }

}  // namespace

template <class Kind, class Spec>
std::uint32_t OperationsWorld::begin(const Spec& spec) {
  const OperationSlot slot = slots_.take();
  Entry entry;
  try {
    entry.operation = std::make_unique<Kind>(process_, slot, spec);
  } catch (...) {
    slots_.give_back(slot);
    throw;
  }
  entry.slot = slot;
  entry.main = std::get<std::unique_ptr<Kind>>(entry.operation)->main_context();
  operations_.push_back(std::move(entry));
  return static_cast<std::uint32_t>(operations_.size() - 1);
}

std::uint32_t OperationsWorld::begin_sort(const SortSpec& spec) { return begin<TupleSort>(spec); }
std::uint32_t OperationsWorld::begin_join(const HashJoinSpec& spec) { return begin<HashJoin>(spec); }
std::uint32_t OperationsWorld::begin_aggregate(const HashAggregateSpec& spec) { return begin<HashAggregate>(spec); }

void OperationsWorld::ended(std::uint32_t number) {
  Entry& entry = operations_[number];
  slots_.give_back(entry.slot);
  std::visit([](auto& held) { held.reset(); }, entry.operation);
  entry.main = {};
}

void OperationsWorld::context_deleted(Address context) {
  for (std::uint32_t number = 0; number < operations_.size(); ++number) {
    const Entry& entry = operations_[number];
    if (!entry.main || entry.main != context) continue;
    const std::uint64_t peak =
        std::visit([](const auto& held) { return held == nullptr ? 0 : peak_of(*held); }, entry.operation);
    const OperationSlot slot = entry.slot;
    ended(number);
    process_.announce(OperationEnded{slot, peak});
  }
}

}  // namespace palloscope::core
