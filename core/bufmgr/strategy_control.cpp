#include "core/bufmgr/strategy_control.h"

#include "core/bufmgr/buffer_pool.h"

namespace palloscope::core {

void StrategyControl::write_initial(std::uint32_t buffers) {
  store(layout_.lock, 0);
  set_next_victim(0);
  set_first_free(0);
  set_last_free(static_cast<std::int32_t>(buffers - 1));
  set_complete_passes(0);
  set_allocs(0);
  set_waiting_writer(-1);
}

std::uint32_t StrategyControl::tick(std::uint32_t buffers) {
  const std::uint32_t stored = next_victim();
  const std::uint32_t victim = stored % buffers;
  if (stored >= buffers && victim == 0) {
    set_next_victim((stored + 1) % buffers);
    set_complete_passes(complete_passes() + 1);
  } else {
    set_next_victim(stored + 1);
  }
  return victim;
}

std::uint32_t StrategyControl::load(Field field) const {
  auto value = space_.load(at_ + field.offset, field.width);
  if (!value) [[unlikely]]
    shared_memory_fault(at_);
  return static_cast<std::uint32_t>(*value);
}

void StrategyControl::store(Field field, std::uint32_t value) {
  if (!space_.store(at_ + field.offset, field.width, value)) [[unlikely]]
    shared_memory_fault(at_);
}

}  // namespace palloscope::core
