#include "core/shmem/huge_pages.h"

#include <bit>

namespace palloscope::core {
namespace {

std::uint64_t pages_of(std::uint64_t bytes, std::uint64_t page) { return (bytes + page - 1) / page; }

}  // namespace

HugePagePlan plan_huge_pages(const ShmemSettings& settings, std::uint64_t total_bytes,
                             std::uint64_t kernel_page_bytes) {
  HugePagePlan plan;
  plan.setting = static_cast<HugePages>(settings.get(Guc::HugePages));
  const auto set_kb = static_cast<std::uint64_t>(settings.get(Guc::HugePageSize));
  plan.page_bytes = set_kb != 0 ? set_kb * 1024 : kernel_page_bytes;
  plan.asked_page_bytes = std::bit_ceil(plan.page_bytes);
  plan.shown_pages = huge_pages_for(total_bytes, plan.page_bytes);
  plan.needed_pages = pages_of(total_bytes, plan.page_bytes);
  plan.rounded_bytes = plan.needed_pages * plan.page_bytes;
  plan.small_pages = pages_of(total_bytes, kSmallPage);
  plan.table_bytes_small = plan.small_pages * 8;
  plan.table_bytes_huge = plan.needed_pages * 8;
  return plan;
}

HugePageOutcome try_huge_pages(const HugePagePlan& plan, std::uint64_t total_bytes, std::uint64_t free_pages) {
  HugePageOutcome outcome;
  outcome.mapped_bytes = total_bytes;
  if (plan.setting == HugePages::Off) return outcome;
  outcome.tried = true;
  outcome.granted = free_pages >= plan.needed_pages;
  if (outcome.granted) {
    outcome.mapped_bytes = plan.rounded_bytes;
    outcome.page_bytes = plan.page_bytes;
  } else if (plan.setting == HugePages::On) {
    outcome.starts = false;
    outcome.mapped_bytes = 0;
  }
  return outcome;
}

}  // namespace palloscope::core
