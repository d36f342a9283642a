#include <fmt/format.h>

#include <variant>

#include "trace/file/event_block_encode.h"

namespace palloscope::trace {

using namespace core;

EventBlockEncoder::EventBlockEncoder() : model_(std::make_unique<BlockModel>()) { model_->clear(kEventsPerBlock); }

void EventBlockEncoder::add(const EventBody& event) {
  std::visit([this](const auto& e) { add(e); }, event);
}

bool EventBlockEncoder::add_usual(const ChunkAllocated& e) {
  if (e.origin == ChunkOrigin::External || e.cause != ChunkCause::Palloc) return false;
  auto grant = granted_for(model_->rule(e.block.value), e.requested_bytes);
  if (grant.bytes != e.granted_bytes || grant.size_class != e.size_class) return false;

  auto& model = *model_;
  auto slot = e.chunk.value;
  std::uint8_t op = kAllocOp;
  if (e.origin == ChunkOrigin::Tail) {
    if (slot == model.next_chunk()) {
      op |= kExpectedSlot;
    } else if (slot == model.last_made() + 1) {
      op |= kSlotAbove;
    } else if (slot == model.last_made() - 1) {
      op |= kSlotBelow;
    } else {
      op |= kOtherSlot;
      columns_[kChunkSlots].put(zigzag32(slot - model.next_chunk()));
    }
  } else {
    op |= kAllocFromFreelist;
    auto back = slot == model.freed(0) ? 0 : model.back_of_freed(slot);
    if (back == 0) {
      op |= kExpectedSlot;
    } else if (back < BlockModel::kFreed) {
      op |= kSlotAbove;
      columns_[kChunkSlots].put(back);
    } else {
      op |= kOtherSlot;
      columns_[kChunkSlots].put(zigzag32(slot - model.freed(0)));
    }
  }

  auto guess = model.chunk(slot);
  bool known = e.origin == ChunkOrigin::Freelist && guess.slot == slot;
  auto block = known ? guess.block : model.last_block();
  if (block != e.block.value) {
    op |= kAllocOtherBlock;
    columns_[kBlockSlots].put(zigzag32(e.block.value - block));
  }
  auto at = known ? guess.at : model.next_at(e.block.value);
  if (at != e.at.value) {
    op |= kAllocOtherAddress;
    columns_[kAddresses].put(pack_address(e.at.value, at));
  }
  columns_[kSizes].put(e.requested_bytes);
  columns_[kOps].put_byte(op);
  return true;
}

bool EventBlockEncoder::add_usual(const ChunkFreed& e) {
  if (e.fate == ChunkFate::WithBlock || e.cause != ChunkCause::Pfree) return false;
  auto& model = *model_;
  auto slot = e.chunk.value;
  std::uint8_t op = kFreeOp;
  if (slot == model.last_used()) {
    op |= kLastUsedSlot;
  } else if (slot == model.last_freed() + 1) {
    op |= kSlotAfterFreed;
  } else if (slot == model.last_freed() - 1) {
    op |= kSlotBeforeFreed;
  } else {
    op |= kOtherFreedSlot;
    columns_[kChunkSlots].put(zigzag32(slot - model.last_used()));
  }
  if (e.fate == ChunkFate::Counted) op |= kFreeCounted;
  columns_[kOps].put_byte(op);
  return true;
}

// --- hints ----------------------------------------------------------------------------------------------------

void EventBlockEncoder::give_hint(std::uint32_t block) {
  if (block >= known_.size() || known_[block].free_start == 0) return;
  const KnownBlock& k = known_[block];
  columns_[kOps].put_byte(kHintOp);
  auto& rows = columns_[kRows];
  rows.put(zigzag32(block - bases_.block));
  rows.put(zigzag32(k.context - bases_.context));
  rows.put(pack_address(k.free_start, model_->last_at()));
  rows.put(pack_address(k.next_at, k.free_start));
  rows.put(static_cast<std::uint64_t>(k.rule));
  bases_.block = block;
  bases_.context = k.context;
  model_->hint(block, k.context, k.free_start, k.next_at, k.rule);
}

bool EventBlockDecoder::decode_hint() {
  auto& rows = columns_[kRows];
  auto block = bases_.block + unzigzag32(rows.get());
  auto context = bases_.context + unzigzag32(rows.get());
  auto free_start = unpack_address(rows.get(), model_->last_at());
  auto next_at = unpack_address(rows.get(), free_start);
  auto rule = rows.get();
  if (rows.failed() || rule >= kGrantRules) return false;
  bases_.block = block;
  bases_.context = context;
  model_->hint(block, context, free_start, next_at, static_cast<GrantRule>(rule));
  return true;
}

void EventBlockEncoder::remember_blocks() {
  model_->for_each_block([&](const BlockModel::Block& b) {
    if (b.slot >= kMostKnown) return;
    if (b.slot >= known_.size()) known_.resize(b.slot + 1 + b.slot / 2);
    known_[b.slot] = {b.context, b.free_start, b.next_at, b.rule};
  });
}

// --- texts and the payload ------------------------------------------------------------------------------------

std::uint64_t EventBlockEncoder::text_number(const std::string& text) {
  if (text.size() <= kSharedTextBytes) {
    auto [found, is_new] = texts_.try_emplace(text, text_count_);
    if (!is_new) return found->second;
  }
  columns_[kTexts].put(text.size());
  columns_[kTexts].put_bytes(text.data(), text.size());
  return text_count_++;
}

ByteSpan EventBlockEncoder::finish() {
  std::uint8_t head[9 * (kColumnCount + 2)];
  std::size_t head_bytes = put_number(head, count_);
  head_bytes += put_number(head + head_bytes, kColumnCount);
  for (const auto& column : columns_) head_bytes += put_number(head + head_bytes, column.size());
  payload_.assign(head, head + head_bytes);
  for (auto& column : columns_) {
    payload_.insert(payload_.end(), column.written().begin(), column.written().end());
    column.clear();
  }
  remember_blocks();
  model_->clear(kEventsPerBlock);
  bases_ = {};
  texts_.clear();
  text_count_ = 0;
  count_ = 0;
  return payload_;
}

// --- reading --------------------------------------------------------------------------------------------------

EventBlockDecoder::EventBlockDecoder() : model_(std::make_unique<BlockModel>()) {}

Status EventBlockDecoder::begin(ByteSpan payload, EventNumber first_event, std::uint16_t minor) {
  auto copy = room(payload.size());
  std::copy(payload.begin(), payload.end(), copy.begin());
  return begin_in_place(copy, first_event, minor);
}

std::span<std::uint8_t> EventBlockDecoder::room(std::size_t bytes) {
  if (copy_.size() < bytes + kReadSlack) copy_.resize(bytes + kReadSlack);
  return {copy_.data(), bytes};
}

Status EventBlockDecoder::begin_in_place(ByteSpan payload, EventNumber first_event, std::uint16_t minor) {
  first_event_ = first_event;
  minor_ = minor;
  done_ = count_ = 0;
  NumberReader head(payload);
  auto count = head.get();
  auto columns = head.get();
  auto bad = [&](std::string_view what) {
    return Error{ErrorCode::BadFormat,
                 fmt::format("the block of events that begins with event {} is damaged: {}", first_event, what)};
  };
  if (head.failed() || count > kMaxEvents) return bad("its number of events makes no sense");
  // A later minor version may have more columns; events that need them have ops that are unknown here.
  if (columns < kColumnCount || columns > kMaxColumns) return bad("its number of columns makes no sense");
  std::uint64_t lengths[kMaxColumns], sum = 0;
  for (std::uint64_t i = 0; i < columns; ++i) {
    lengths[i] = head.get();
    if (lengths[i] > payload.size()) return bad("a column is longer than the block");
    sum += lengths[i];
  }
  if (head.failed() || sum != head.left()) return bad("its columns do not fill it");
  if (count > lengths[kOps]) return bad("it has fewer ops than events");
  for (int i = 0; i < kColumnCount; ++i) columns_[i] = NumberReader(head.get_bytes(lengths[i]));
  model_->clear(static_cast<std::uint32_t>(count));
  bases_ = {};
  texts_.clear();
  count_ = static_cast<std::uint32_t>(count);
  return Done{};
}

Result<EventBody> EventBlockDecoder::next() {
  check(left() > 0, "an event is only read from a block that has one left");
  EventBody body;
  auto status = decode(1, [&](const auto& e) { body = e; });
  if (!status) return status.error();
  return body;
}

Error EventBlockDecoder::error() const {
  auto number = first_event_ + done_;
  const bool known = (op_ >= kHintOp && op_ < kFreeOpEnd) || is_event_kind(op_);
  if (columns_[kOps].failed())
    return {ErrorCode::BadFormat, fmt::format("event {} is damaged: its block ends before it", number)};
  if (!known && minor_ > kFormatMinor)
    return {
        ErrorCode::Unsupported,
        fmt::format("event {} is of kind {}, which this version of Palloscope does not know: the trace is of format "
                    "{}.{}, this version reads up to {}.{}, use a newer one",
                    number, op_, kFormatMajor, minor_, kFormatMajor, kFormatMinor)};
  if (!known) return {ErrorCode::BadFormat, fmt::format("event {} is damaged: there is no kind {}", number, op_)};
  return {ErrorCode::BadFormat, fmt::format("event {} (of kind {}) is damaged", number, op_)};
}

}  // namespace palloscope::trace
