#include "gui/event_look.h"

#include "core/events/event.h"
#include "gui/icons.h"

namespace palloscope::gui {

EventLook look_of(std::uint8_t tag) {
  switch (tag) {
    case core::ContextCreated::kTag:
    case core::ChunkAllocated::kTag:
    case core::BlockAdded::kTag:
    case core::Malloc::kTag:
      return {icons::kBorn, &Theme::born};
    case core::ContextDeleted::kTag:
    case core::ChunkFreed::kTag:
    case core::BlockRemoved::kTag:
    case core::Free::kTag:
      return {icons::kGone, &Theme::gone};
    case core::ContextReset::kTag:
      return {icons::kReset, &Theme::changed};
    case core::ContextReparented::kTag:
      return {icons::kMove, &Theme::dim};
    case core::ContextSwitched::kTag:
      return {icons::kSwitch, &Theme::accent};
    case core::FaultFound::kTag:
      return {icons::kFault, &Theme::fault};
    case core::ErrorReported::kTag:
    case core::AllocationFailed::kTag:
    case core::MallocFailed::kTag:
    case core::ReallocFailed::kTag:
      return {icons::kError, &Theme::problem};
    case core::SourceLine::kTag:
    case core::SourceText::kTag:
      return {icons::kSource, &Theme::dim};
    case core::Narration::kTag:
      return {icons::kLesson, &Theme::accent};
    case core::SnapshotBegan::kTag:
    case core::SnapshotEnded::kTag:
      return {icons::kSnapshot, &Theme::accent};
    case core::MemoryWritten::kTag:
      return {icons::kPencil, &Theme::changed};
    default:
      return {icons::kTag, &Theme::changed};
  }
}

}  // namespace palloscope::gui
