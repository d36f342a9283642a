// What EventBody does for every kind, compiled once.
#include "core/events/event.h"

#include <utility>

namespace palloscope::core {

EventBody::EventBody() = default;
EventBody::EventBody(const EventBody& other) = default;
EventBody::EventBody(EventBody&& other) noexcept = default;
EventBody& EventBody::operator=(const EventBody& other) = default;
EventBody& EventBody::operator=(EventBody&& other) noexcept = default;
EventBody::~EventBody() = default;

std::uint8_t EventBody::tag() const {
  return std::visit([](const auto& event) { return event.kTag; }, *this);
}

bool operator==(const EventBody& a, const EventBody& b) {
  return static_cast<const EventVariant&>(a) == static_cast<const EventVariant&>(b);
}

template <EventKind E>
EventBody::EventBody(E event) : EventVariant(std::move(event)) {}

// In the order of EventVariant; the linker names a kind that is missing.
template EventBody::EventBody(ContextCreated event);
template EventBody::EventBody(ContextReset event);
template EventBody::EventBody(ContextDeleted event);
template EventBody::EventBody(ContextRecycled event);
template EventBody::EventBody(ContextReparented event);
template EventBody::EventBody(ContextIdentSet event);
template EventBody::EventBody(ContextSwitched event);
template EventBody::EventBody(CritSectionAllowed event);
template EventBody::EventBody(CallbackRegistered event);
template EventBody::EventBody(CallbackRun event);
template EventBody::EventBody(Malloc event);
template EventBody::EventBody(MallocFailed event);
template EventBody::EventBody(Realloc event);
template EventBody::EventBody(ReallocFailed event);
template EventBody::EventBody(Free event);
template EventBody::EventBody(BlockAdded event);
template EventBody::EventBody(BlockRemoved event);
template EventBody::EventBody(BlockEmptied event);
template EventBody::EventBody(NextBlockSizeSet event);
template EventBody::EventBody(BlockMoved event);
template EventBody::EventBody(ChunkAllocated event);
template EventBody::EventBody(ChunkFreed event);
template EventBody::EventBody(ChunkCarved event);
template EventBody::EventBody(ChunkResized event);
template EventBody::EventBody(MemoryWritten event);
template EventBody::EventBody(ErrorReported event);
template EventBody::EventBody(AllocationFailed event);
template EventBody::EventBody(ErrorCaught event);
template EventBody::EventBody(Output event);
template EventBody::EventBody(FaultFound event);
template EventBody::EventBody(SourceText event);
template EventBody::EventBody(SourceLine event);
template EventBody::EventBody(Narration event);
template EventBody::EventBody(Statement event);
template EventBody::EventBody(VariableSet event);
template EventBody::EventBody(SnapshotBegan event);
template EventBody::EventBody(ContextReported event);
template EventBody::EventBody(ContextsOmitted event);
template EventBody::EventBody(SnapshotEnded event);
template EventBody::EventBody(BackendStarted event);
template EventBody::EventBody(BackendEnded event);
template EventBody::EventBody(BackendSwitched event);
template EventBody::EventBody(OperationBegan event);
template EventBody::EventBody(OperationPhaseChanged event);
template EventBody::EventBody(OperationCounted event);
template EventBody::EventBody(OperationSpilled event);
template EventBody::EventBody(OperationEnded event);
template EventBody::EventBody(CheckpointBegan event);
template EventBody::EventBody(CheckpointEnded event);
template EventBody::EventBody(BufferPoolCreated event);
template EventBody::EventBody(RelationNamed event);
template EventBody::EventBody(PageRequested event);
template EventBody::EventBody(PageLookedUp event);
template EventBody::EventBody(FreelistPopped event);
template EventBody::EventBody(FreelistPushed event);
template EventBody::EventBody(ClockTicked event);
template EventBody::EventBody(RingStepped event);
template EventBody::EventBody(RingSlotSet event);
template EventBody::EventBody(RingCreated event);
template EventBody::EventBody(RingFreed event);
template EventBody::EventBody(BufferPinned event);
template EventBody::EventBody(BufferUnpinned event);
template EventBody::EventBody(BufferDirtied event);
template EventBody::EventBody(BufferWritten event);
template EventBody::EventBody(BufferFlagged event);
template EventBody::EventBody(BufferTagged event);
template EventBody::EventBody(BufferUntagged event);
template EventBody::EventBody(WalFlushed event);
template EventBody::EventBody(BackgroundRound event);
template EventBody::EventBody(PoolReported event);
template EventBody::EventBody(UsageCountReported event);
template EventBody::EventBody(BufferNodeReported event);
template EventBody::EventBody(SegmentCreated event);
template EventBody::EventBody(SegmentDestroyed event);
template EventBody::EventBody(SegmentAttached event);
template EventBody::EventBody(SegmentDetached event);
template EventBody::EventBody(SegmentPinned event);
template EventBody::EventBody(ShmemAllocated event);
template EventBody::EventBody(ShmemFound event);
template EventBody::EventBody(ShmemRequested event);
template EventBody::EventBody(HugePagesTried event);
template EventBody::EventBody(NumaNodeAdded event);
template EventBody::EventBody(BackendPlaced event);
template EventBody::EventBody(NumaPolicySet event);
template EventBody::EventBody(PagesPlaced event);
template EventBody::EventBody(PagesUsed event);
template EventBody::EventBody(ShmemNodeReported event);

}  // namespace palloscope::core
