// Where a page stands in the lookup table of its pool: its tag's hash, bucket and partition (spec 10.3). Pure.
#pragma once

#include <cstdint>

#include "core/events/buffer_events.h"

namespace palloscope::gui {

struct PageBucket {
  std::uint32_t hash = 0, bucket = 0, partition = 0;
  friend bool operator==(const PageBucket&, const PageBucket&) = default;
};

// `buffers`: of the pool. A backend's own table has no partitions and is sized for its buffers alone.
PageBucket page_bucket(const core::PageTag& tag, std::uint32_t buffers, bool is_local);

}  // namespace palloscope::gui
