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
    case core::ProcessReported::kTag:
      return {icons::kSnapshot, &Theme::accent};
    case core::MemoryWritten::kTag:
      return {icons::kPencil, &Theme::changed};
    // Who acts, and operations with a memory limit.
    case core::BackendStarted::kTag:
      return {icons::kBackend, &Theme::born};
    case core::BackendEnded::kTag:
      return {icons::kBackend, &Theme::gone};
    case core::BackendSwitched::kTag:
    case core::BackendPlaced::kTag:
      return {icons::kBackend, &Theme::accent};
    case core::OperationBegan::kTag:
      return {icons::kGear, &Theme::born};
    case core::OperationEnded::kTag:
      return {icons::kGear, &Theme::gone};
    case core::OperationPhaseChanged::kTag:
      return {icons::kGear, &Theme::accent};
    case core::OperationCounted::kTag:
      return {icons::kStatistics, &Theme::dim};
    case core::OperationSpilled::kTag:
      return {icons::kDisk, &Theme::warning};
    // The buffer pool: a request and its steps.
    case core::PageRequested::kTag:
      return {icons::kAsk, &Theme::accent};
    case core::PageLookedUp::kTag:
    case core::ShmemFound::kTag:
      return {icons::kSearch, &Theme::dim};
    case core::FreelistPopped::kTag:
    case core::FreelistPushed::kTag:
      return {icons::kFreelists, &Theme::changed};
    case core::ClockTicked::kTag:
      return {icons::kClockHand, &Theme::changed};
    case core::RingCreated::kTag:
      return {icons::kRing, &Theme::born};
    case core::RingFreed::kTag:
      return {icons::kRing, &Theme::gone};
    case core::RingStepped::kTag:
    case core::RingSlotSet::kTag:
      return {icons::kRing, &Theme::changed};
    case core::BufferPinned::kTag:
      return {icons::kPin, &Theme::accent};
    case core::BufferUnpinned::kTag:
      return {icons::kDetach, &Theme::dim};
    case core::BufferTagged::kTag:
    case core::BufferPoolCreated::kTag:
    case core::SegmentCreated::kTag:
    case core::ShmemAllocated::kTag:
      return {icons::kBorn, &Theme::born};
    case core::BufferUntagged::kTag:
    case core::SegmentDestroyed::kTag:
      return {icons::kGone, &Theme::gone};
    case core::BufferDirtied::kTag:
      return {icons::kPencil, &Theme::changed};
    case core::BufferWritten::kTag:
    case core::WalFlushed::kTag:
      return {icons::kDisk, &Theme::notice};
    case core::CheckpointBegan::kTag:
    case core::CheckpointEnded::kTag:
      return {icons::kCheckpoint, &Theme::accent};
    case core::BackgroundRound::kTag:
      return {icons::kSweep, &Theme::accent};
    // Shared memory and the machine.
    case core::SegmentAttached::kTag:
      return {icons::kAttach, &Theme::changed};
    case core::SegmentDetached::kTag:
      return {icons::kDetach, &Theme::changed};
    case core::SegmentPinned::kTag:
      return {icons::kPin, &Theme::changed};
    case core::HugePagesTried::kTag:
    case core::NumaNodeAdded::kTag:
    case core::NumaPolicySet::kTag:
    case core::PagesPlaced::kTag:
    case core::PagesUsed::kTag:
      return {icons::kChip, &Theme::changed};
    case core::PoolReported::kTag:
    case core::UsageCountReported::kTag:
    case core::BufferNodeReported::kTag:
    case core::ShmemNodeReported::kTag:
      return {icons::kSnapshot, &Theme::dim};
    default:
      return {icons::kTag, &Theme::changed};
  }
}

}  // namespace palloscope::gui
