#include "trace/file/keyframe.h"

#include <fmt/format.h>

#include <bit>
#include <utility>

#include "trace/file/block_model.h"
#include "trace/file/keyframe_fields.h"
#include "trace/file/keyframe_server.h"
#include "trace/replay/restorer.h"

namespace palloscope::trace {

using namespace core;

namespace {

// The columns of a keyframe, in the order in which they stand in the payload.
enum KeyframeColumn {
  kContexts,
  kBlocks,
  kFlags,
  kSlots,
  kBorn,
  kAt,
  kRequested,
  kGranted,
  kFreelists,
  kRest,
  kDeleted,    // since 1.1: for blocks with a last_context, how many without one are before it, and the event
  kServer,     // since 1.2: all of ServerState (keyframe_server.h); nothing if it is empty
  kUncounted,  // since 1.3: for blocks with free chunks that nobody knows one by one, as in kDeleted, and how many
  kCount
};
constexpr std::uint64_t kFirstColumns = kRest + 1;  // of 1.0

// A chunk's flags.
constexpr std::uint8_t kFree = 1;           // else live
constexpr std::uint8_t kOriginShift = 1;    // 2 bits: ChunkOrigin
constexpr std::uint8_t kRuleShift = 3;      // 3 bits: GrantRule; None: granted bytes and class are in kGranted
constexpr std::uint8_t kOtherPlace = 0x40;  // not right behind the one before it: difference in kAt
constexpr std::uint8_t kOtherSlot = 0x80;   // not the slot behind the one before it: difference in kSlots

// What the next chunk is compared with.
struct Expected {
  std::uint32_t slot = 0;
  std::uint64_t born = 0;
  std::uint64_t next_at = 0;
  std::uint64_t gap = 8;  // a chunk's header

  void begin_block(const BlockRecord& block) { next_at = block.free_start.value; }
  void saw(ChunkSlot chunk, const ChunkRecord& record) {
    slot = chunk.value + 1;
    born = record.born;
    if (auto seen = record.at.value - next_at; seen <= 64) gap = seen;
    next_at = record.at.value + record.granted_bytes;
  }
};

GrantRule grant_rule_of(const ChunkRecord& chunk) {
  ChunkAllocated e;
  e.requested_bytes = chunk.requested_bytes;
  e.granted_bytes = chunk.granted_bytes;
  e.size_class = chunk.size_class;
  return rule_of(e);
}

// A number that few records have: how many without one are before it, and the number.
class SparseWriter {
 public:
  explicit SparseWriter(NumberWriter& to) : to_(to) {}
  void operator()(std::uint64_t number) {
    if (number == 0) {
      ++without_;
      return;
    }
    to_.put(std::exchange(without_, 0));
    to_.put(number);
  }

 private:
  NumberWriter& to_;
  std::uint64_t without_ = 0;
};

class SparseReader {
 public:
  explicit SparseReader(NumberReader& from) : from_(from) {}
  void begin() {
    if (from_.left() != 0) until_next_ = from_.get();
  }
  // The next record's; false if the bytes make no sense.
  bool operator()(std::uint64_t& number) {
    number = 0;
    if (until_next_ == kNever) return true;
    if (until_next_ != 0) {
      --until_next_;
      return true;
    }
    number = from_.get();
    const bool good = !from_.failed() && number != 0;
    until_next_ = from_.left() == 0 ? kNever : from_.get();
    return good && !from_.failed();
  }

 private:
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};
  NumberReader& from_;
  std::uint64_t until_next_ = kNever;
};

// --- fields of contexts and blocks, once for both ways --------------------------------------------------------

template <class Record, class F>
void each_own_field(ContextSlot& slot, Record& c, F&& f) {
  f(slot), f(c.born), f(c.kind), f(c.is_reset), f(c.allow_in_crit_section), f(c.recycled), f(c.recycle_list), f(c.at);
  f(c.region), f(c.parent), f(c.min_context_bytes), f(c.init_block_bytes), f(c.max_block_bytes);
  f(c.next_block_bytes), f(c.chunk_limit_bytes), f(c.callbacks), f(c.reported), f(c.omitted_children), f(c.name);
  f(c.ident);
}
template <class Record, class F>
void each_own_field(BlockSlot& slot, Record& b, F&& f) {
  f(slot), f(b.born), f(b.at), f(b.bytes), f(b.role), f(b.recycle_list), f(b.context), f(b.header), f(b.free_start);
  f(b.free_at), f(b.accounted_bytes), f(b.list), f(b.chunk_count);
}
template <class Head, class F>
void each_head_field(Head& h, F&& f) {
  f(h.malloc_calls), f(h.free_calls), f(h.point.file), f(h.point.line), f(h.point.narration), f(h.point.error);
  f(h.point.snapshot), f(h.point.statement), f(h.point.current), f(h.context_slots), f(h.block_slots);
  f(h.chunk_slots), f(h.fault_count);
}

}  // namespace

// --- writing --------------------------------------------------------------------------------------------------

Bytes encode_keyframe(const MemoryState& state) {
  NumberWriter columns[kCount];
  FieldWriter contexts(columns[kContexts]), blocks(columns[kBlocks]), rest(columns[kRest]);
  SparseWriter deleted(columns[kDeleted]), uncounted(columns[kUncounted]);
  std::uint64_t context_count = 0, block_count = 0, freelist_count = 0;
  Expected expected;
  std::uint32_t chunk_block = BlockModel::kNone, listed = 0;

  for_each_in_keyframe(
      state,
      [&](ContextSlot slot, const ContextRecord& record) {
        each_own_field(slot, record, contexts);
        ++context_count;
      },
      [&](BlockSlot slot, const BlockRecord& record) {
        each_own_field(slot, record, blocks);
        ++block_count;
        deleted(record.last_context);
        uncounted(record.uncounted_free);
      },
      [&](ChunkSlot slot, const ChunkRecord& record) {
        if (record.block.value != chunk_block) {
          chunk_block = record.block.value;
          expected.begin_block(state.blocks()[chunk_block]);
        }
        auto rule = grant_rule_of(record);
        auto flags = static_cast<std::uint8_t>((record.state == ChunkState::Free ? kFree : 0) |
                                               (static_cast<unsigned>(record.origin) << kOriginShift) |
                                               (static_cast<unsigned>(rule) << kRuleShift));
        if (slot.value != expected.slot) {
          flags |= kOtherSlot;
          columns[kSlots].put(zigzag32(slot.value - expected.slot));
        }
        if (record.at.value != expected.next_at + expected.gap) {
          flags |= kOtherPlace;
          columns[kAt].put(zigzag(record.at.value - expected.next_at - expected.gap));
        }
        columns[kFlags].put_byte(flags);
        columns[kBorn].put(zigzag(record.born - expected.born));
        columns[kRequested].put(record.requested_bytes);
        if (rule == GrantRule::None) {
          columns[kGranted].put(record.granted_bytes);
          columns[kGranted].put(record.size_class);
        }
        expected.saw(slot, record);
      },
      [&](ChunkSlot slot) {
        columns[kFreelists].put(zigzag32(slot.value - listed));
        listed = slot.value;
        ++freelist_count;
      });

  auto head = keyframe_head(state);
  each_head_field(head, rest);
  columns[kRest].put(state.variables().size());
  for (const auto& [name, value] : state.variables()) rest(name), rest(value);
  columns[kRest].put(state.faults().size());
  for (const auto& fault : state.faults()) rest(fault.event), rest(fault.what);

  put_server(state.server(), columns[kServer]);

  NumberWriter payload;
  for (auto count : {context_count, block_count, freelist_count}) payload.put(count);
  payload.put(kCount);
  for (const auto& column : columns) payload.put(column.size());
  for (const auto& column : columns) payload.put_bytes(column.written().data(), column.size());
  return {payload.written().begin(), payload.written().end()};
}

// --- reading --------------------------------------------------------------------------------------------------

namespace {

// A keyframe's payload taken apart. Each step answers false if the bytes make no sense.
class KeyframeReader {
 public:
  bool split(ByteSpan payload) {
    NumberReader in(payload);
    context_count_ = in.get();
    block_count_ = in.get();
    freelist_count_ = in.get();
    const std::uint64_t count = in.get();
    if (count < kFirstColumns || count > payload.size()) return false;
    std::uint64_t lengths[kCount] = {}, sum = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t length = in.get();
      if (length > payload.size() - sum) return false;
      sum += length;
      if (i < kCount) lengths[i] = length;  // what a later version has behind them is passed over
    }
    if (in.failed() || sum != in.left()) return false;
    for (int i = 0; i < kCount; ++i) columns_[i] = NumberReader(in.get_bytes(lengths[i]));
    deleted_.begin(), uncounted_.begin();
    return true;
  }

  bool read_head(EventNumber at, KeyframeHead& head) {
    head.event_number = at;
    each_head_field(head, rest_);
    return rest_.good() && head.context_slots <= at && head.block_slots <= at && head.chunk_slots <= at;
  }

  bool read_contexts(StateRestorer& restorer) {
    for (; context_count_ > 0; --context_count_) {
      ContextSlot slot;
      ContextRecord record;
      each_own_field(slot, record, contexts_);
      if (!contexts_.good() || !restorer.add_context(slot, record)) return false;
    }
    return true;
  }

  bool read_blocks(StateRestorer& restorer) {
    for (; block_count_ > 0; --block_count_) {
      BlockSlot slot;
      BlockRecord record;
      each_own_field(slot, record, blocks_);
      std::uint64_t uncounted = 0;
      if (!deleted_(record.last_context) || !uncounted_(uncounted) || uncounted > record.chunk_count) return false;
      record.uncounted_free = static_cast<std::uint32_t>(uncounted);
      if (!blocks_.good() || !restorer.add_block(slot, record)) return false;
      if (record.chunk_count > 0) filled_.push_back({slot, record.free_start, record.chunk_count});
    }
    return true;
  }

  bool read_chunks(StateRestorer& restorer) {
    Expected expected;
    ChunkScout scout{columns_[kFlags], columns_[kSlots]};
    const bool fetches = restorer.worth_fetching();
    for (std::uint32_t i = 0; fetches && i < kFetchedAhead; ++i) restorer.fetch(scout.next());
    for (const auto& block : filled_) {
      // So many at most: what a column is short of is only looked for once for all of them.
      if (block.chunk_count > columns_[kFlags].left()) return false;
      expected.next_at = block.free_start.value;
      for (auto left = block.chunk_count; left > 0; --left) {
        if (fetches) restorer.fetch(scout.next());
        if (!read_chunk(expected, block.slot, restorer)) return false;
      }
      for (auto column : {kFlags, kSlots, kAt, kBorn, kRequested, kGranted})
        if (columns_[column].failed()) return false;
    }
    return read_freelists(restorer);
  }

  bool read_freelists(StateRestorer& restorer) {
    auto ahead = columns_[kFreelists];
    std::uint32_t listed = 0, fetched = 0, waiting = 0;
    for (; freelist_count_ > 0; --freelist_count_) {
      for (; waiting <= kFetchedAhead && ahead.left() != 0; ++waiting) {
        fetched += unzigzag32(ahead.get());
        restorer.fetch({fetched});
      }
      --waiting;
      listed += unzigzag32(columns_[kFreelists].get());
      if (columns_[kFreelists].failed() || !restorer.add_to_freelist({listed})) return false;
    }
    return true;
  }

  bool read_rest(StateRestorer& restorer) {
    auto& column = columns_[kRest];
    for (auto count = column.get(); count > 0; --count) {
      std::string name;
      Address value;
      rest_(name), rest_(value);
      if (!rest_.good()) return false;
      restorer.add_variable(name, value);
    }
    for (auto count = column.get(); count > 0; --count) {
      Fault fault;
      rest_(fault.event), rest_(fault.what);
      if (!rest_.good() || !restorer.add_fault(std::move(fault))) return false;
    }
    return rest_.good();
  }

  bool read_server(EventNumber at, std::uint64_t most_bytes, StateRestorer& restorer) {
    ServerState server;
    if (!get_server(columns_[kServer], at, most_bytes, server)) return false;
    restorer.set_server(std::move(server));
    return true;
  }

 private:
  // Reads the chunks' slots ahead of all else.
  struct ChunkScout {
    NumberReader flags, slots;
    std::uint32_t slot = 0;
    ChunkSlot next() {
      if (flags.left() == 0) return {};
      if (flags.get_byte() & kOtherSlot) slot += unzigzag32(slots.get());
      return {slot++};
    }
  };

  struct FilledBlock {
    BlockSlot slot;
    Address free_start;
    std::uint32_t chunk_count;
  };

  bool read_chunk(Expected& expected, BlockSlot block, StateRestorer& restorer) {
    auto flags = columns_[kFlags].get_byte();
    ChunkSlot slot{expected.slot};
    if (flags & kOtherSlot) slot.value += unzigzag32(columns_[kSlots].get());
    ChunkRecord record;
    record.block = block;
    record.at.value = expected.next_at + expected.gap;
    if (flags & kOtherPlace) record.at.value += unzigzag(columns_[kAt].get());
    record.born = expected.born + unzigzag(columns_[kBorn].get());
    record.requested_bytes = columns_[kRequested].get();
    auto rule = static_cast<GrantRule>((flags >> kRuleShift) & 7);
    if (rule < GrantRule::None) {
      auto grant = granted_for(rule, record.requested_bytes);
      record.granted_bytes = grant.bytes;
      record.size_class = grant.size_class;
    } else {
      record.granted_bytes = columns_[kGranted].get();
      record.size_class = static_cast<std::uint8_t>(columns_[kGranted].get());
    }
    auto origin = (flags >> kOriginShift) & 3u;
    record.origin = static_cast<ChunkOrigin>(origin);
    record.state = flags & kFree ? ChunkState::Free : ChunkState::Live;
    if (origin >= enum_count<ChunkOrigin>() || !restorer.add_chunk(slot, record)) return false;
    expected.saw(slot, record);
    return true;
  }

  NumberReader columns_[kCount];
  FieldReader contexts_{columns_[kContexts]}, blocks_{columns_[kBlocks]}, rest_{columns_[kRest]};
  SparseReader deleted_{columns_[kDeleted]}, uncounted_{columns_[kUncounted]};
  std::uint64_t context_count_ = 0, block_count_ = 0, freelist_count_ = 0;
  std::vector<FilledBlock> filled_;
};

}  // namespace

Result<MemoryState> decode_keyframe(ByteSpan payload, EventNumber at, std::uint64_t most_bytes, MemoryState room) {
  KeyframeReader reader;
  KeyframeHead head;
  Error damaged{ErrorCode::BadFormat, fmt::format("the keyframe after event {} is damaged", at)};
  if (!reader.split(payload) || !reader.read_head(at, head)) return damaged;
  auto bytes = head.context_slots * sizeof(ContextRecord) + head.block_slots * sizeof(BlockRecord) +
               head.chunk_slots * sizeof(ChunkRecord);
  if (bytes > most_bytes) {
    damaged.message += fmt::format(": it would need {} bytes", bytes);
    return damaged;
  }
  StateRestorer restorer(head, std::move(room));
  if (!reader.read_contexts(restorer) || !reader.read_blocks(restorer) || !reader.read_chunks(restorer) ||
      !reader.read_rest(restorer) || !reader.read_server(at, most_bytes - bytes, restorer))
    return damaged;
  auto state = restorer.finish();
  if (!state) damaged.message += ": " + state.error().message;
  return state ? std::move(state) : Result<MemoryState>(damaged);
}

}  // namespace palloscope::trace
