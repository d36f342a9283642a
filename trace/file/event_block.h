// A block of events: a run of up to kMaxEvents consecutive events as columns, readable without any other block.
//
// EventBlockEncoder takes typed events one by one; EventBlockDecoder hands typed events to a visitor without building
// a variant, so that a reducer can be fused with it:
//
//   EventBlockDecoder decoder;
//   if (auto begun = decoder.begin(payload, first_event); !begun) ...
//   auto status = decoder.decode(decoder.left(), [&](const auto& event) { state.apply_typed(event); });
//
// Compression and framing are the business of the file (frame.h). trace/README.md has the bytes.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/result.h"
#include "core/events/event.h"
#include "trace/file/block_model.h"
#include "trace/file/bytes.h"
#include "trace/file/event_ops.h"
#include "trace/file/frame.h"

namespace palloscope::trace {

inline constexpr std::uint32_t kEventsPerBlock = 16384;  // what we write
inline constexpr std::uint32_t kMaxEvents = 1 << 20;     // what is accepted
inline constexpr std::uint64_t kMaxColumns = 64;
// A block is ended early when it holds so many bytes of texts, and no single text may be longer than the second.
inline constexpr std::size_t kFullBlockBytes = 4 << 20;
inline constexpr std::size_t kMaxTextBytes = 64 << 20;
// Longer texts stand in the block as often as they occur; shorter ones once.
inline constexpr std::size_t kSharedTextBytes = 128;

class EventBlockEncoder {
 public:
  EventBlockEncoder();

  // Any alternative of EventBody; defined in event_block_encode.h.
  template <class E>
  void add(const E& event);
  void add(const core::EventBody& event);

  std::uint32_t count() const { return count_; }
  bool full() const { return count_ >= kEventsPerBlock || columns_[kTexts].size() >= kFullBlockBytes; }

  // The payload of what was added since the last call; the next block begins empty (but the encoder remembers blocks
  // and contexts, to give hints). The bytes stay valid until the next call.
  ByteSpan finish();

 private:
  // What is known of a malloc'ed region from all that was added: to give as a hint when a block of events first uses
  // it.
  struct KnownBlock {
    std::uint32_t context = BlockModel::kNone;
    std::uint64_t free_start = 0, next_at = 0;
    GrantRule rule = GrantRule::PowerOfTwo;
  };
  static constexpr std::uint32_t kMostKnown = 1 << 22;

  void hint_if_new(std::uint32_t block) {
    if (!model_->knows_block(block)) [[unlikely]]
      give_hint(block);
  }
  void give_hint(std::uint32_t block);
  bool add_usual(const core::ChunkAllocated& e);
  bool add_usual(const core::ChunkFreed& e);
  template <class E>
  void add_row(const E& event);
  void remember_blocks();
  std::uint64_t text_number(const std::string& text);

  template <class E>
  friend class RowWriter;
  std::unique_ptr<BlockModel> model_;
  RowBases bases_;
  NumberWriter columns_[kColumnCount];
  std::uint32_t count_ = 0;
  std::unordered_map<std::string, std::uint64_t> texts_;
  std::uint64_t text_count_ = 0;
  std::vector<KnownBlock> known_;
  Bytes payload_;
};

class EventBlockDecoder {
 public:
  EventBlockDecoder();

  // `payload` (uncompressed) is copied. `first_event` and the minor version of the file are only for messages.
  core::Status begin(ByteSpan payload, core::EventNumber first_event, std::uint16_t minor = kFormatMinor);
  // The same without a copy: kReadSlack bytes follow the payload, and it lives as long as the decoder reads it.
  core::Status begin_in_place(ByteSpan payload, core::EventNumber first_event, std::uint16_t minor = kFormatMinor);

  // Room of the decoder's own for a payload to begin_in_place with: so many bytes and the slack.
  std::span<std::uint8_t> room(std::size_t bytes);

  std::uint32_t left() const { return count_ - done_; }
  // Calls visitor(const E&) for the next `count` events (at most left()). On failure those before it were visited.
  template <class Visitor>
  core::Status decode(std::uint32_t count, Visitor&& visitor);
  // The next event alone. Only if left() > 0.
  core::Result<core::EventBody> next();

 private:
  template <class Visitor>
  bool decode_row(std::uint8_t op, Visitor& visitor);
  template <class E, class Visitor>
  bool decode_row_as(Visitor& visitor);
  template <class E>
  bool read_row(E& event);
  bool decode_hint();
  core::Error error() const;

  template <class E>
  friend class RowReader;
  std::unique_ptr<BlockModel> model_;
  RowBases bases_;
  NumberReader columns_[kColumnCount];
  std::uint32_t count_ = 0, done_ = 0;
  core::EventNumber first_event_ = 0;
  std::uint16_t minor_ = kFormatMinor;
  std::uint8_t op_ = 0;  // of the event being read, for messages
  std::vector<ByteSpan> texts_;
  Bytes copy_;
};

}  // namespace palloscope::trace

#include "trace/file/event_block_decode.h"
