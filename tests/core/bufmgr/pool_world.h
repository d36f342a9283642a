// A server with a small buffer pool, and what happened in it as short words, one a line of a story:
//   ask 7 | miss | pop 0 | pin 0 1/0 | tag 0=7 1/1 | io 0 | valid 0 1/1
// Buffers count from 0; n/m are reference and usage count of the word after the event, with D for dirty.
#pragma once

#include <fmt/format.h>

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/bufmgr/buffer_manager.h"

namespace palloscope::test {

inline std::string word_text(std::uint32_t word) {
  return fmt::format("{}/{}{}", core::refcount_of(word), core::usage_of(word),
                     (word & core::buffer_bits::kDirty) != 0 ? "D" : "");
}

struct StorySink final : core::EventSink {
  std::vector<core::EventBody> events;
  std::vector<std::string> words;
  std::vector<std::uint32_t> last;  // state words, to tell what a BufferFlagged changed

  std::uint32_t before(core::BufferSlot buffer, std::uint32_t word) {
    if (buffer.value >= last.size()) last.resize(buffer.value + std::size_t{1});
    return std::exchange(last[buffer.value], word);
  }
  void emit(const core::EventBody& event) override {
    using namespace core;
    events.push_back(event);
    std::visit(
        [&](const auto& e) {
          using E = std::decay_t<decltype(e)>;
          std::string text;
          if constexpr (requires { e.word; }) {
            const std::uint32_t changed = before(e.buffer, e.word) ^ e.word;
            if constexpr (std::is_same_v<E, BufferFlagged>) {
              using namespace buffer_bits;
              if ((changed & kCheckpointNeeded) != 0) text = "mark";
              if ((changed & kJustDirtied) != 0) text = "not just dirtied";
              if ((changed & kIoInProgress) != 0) text = "io";
              if ((changed & kValid) != 0) text = "valid";
              text += fmt::format(" {}", e.buffer.value);
              if ((changed & kValid) != 0) text += " " + word_text(e.word);
            }
          }
          if constexpr (std::is_same_v<E, PageRequested>) text = fmt::format("ask {}", e.tag.block);
          if constexpr (std::is_same_v<E, PageLookedUp>)
            text = e.buffer ? fmt::format("hit {}", e.buffer.value) : std::string("miss");
          if constexpr (std::is_same_v<E, FreelistPopped>)
            text = fmt::format("pop {}{}", e.buffer.value, e.taken ? "" : " in vain");
          if constexpr (std::is_same_v<E, FreelistPushed>) text = fmt::format("push {}", e.buffer.value);
          if constexpr (std::is_same_v<E, ClockTicked>) {
            const char* verdicts[] = {"spare", "pass", "take"};
            text = fmt::format("{} {} {} hand {}.{}", verdicts[static_cast<int>(e.verdict)], e.buffer.value,
                               word_text(e.word), e.complete_passes, e.next_victim);
          }
          if constexpr (std::is_same_v<E, RingStepped>) {
            const char* verdicts[] = {"empty", "taken", "in use", "WAL first"};
            text = fmt::format("ring {} {}", e.slot, verdicts[static_cast<int>(e.verdict)]);
          }
          if constexpr (std::is_same_v<E, RingSlotSet>)
            text = e.buffer ? fmt::format("slot {}={}", e.slot, e.buffer.value) : fmt::format("slot {} empty", e.slot);
          if constexpr (std::is_same_v<E, BufferPinned>)
            text = fmt::format("pin {} {}", e.buffer.value, word_text(e.word));
          if constexpr (std::is_same_v<E, BufferUnpinned>)
            text = fmt::format("unpin {} {}", e.buffer.value, word_text(e.word));
          if constexpr (std::is_same_v<E, BufferDirtied>) text = fmt::format("dirty {}", e.buffer.value);
          if constexpr (std::is_same_v<E, BufferWritten>)
            text = fmt::format("write {} {}", e.buffer.value, word_text(e.word));
          if constexpr (std::is_same_v<E, BufferTagged>)
            text = fmt::format("tag {}={} {}", e.buffer.value, e.tag.block, word_text(e.word));
          if constexpr (std::is_same_v<E, BufferUntagged>)
            text = fmt::format("untag {} {}", e.buffer.value, word_text(e.word));
          if constexpr (std::is_same_v<E, WalFlushed>) text = "wal";
          if constexpr (std::is_same_v<E, BackgroundRound>)
            text = fmt::format("round {} allocs, {} of {}, {} written, next {}", e.allocations, e.reusable, e.wanted,
                               e.written, e.next_to_clean);
          if constexpr (std::is_same_v<E, CheckpointBegan>) text = fmt::format("checkpoint of {}", e.buffers);
          if constexpr (std::is_same_v<E, CheckpointEnded>)
            text = fmt::format("checkpointed {}, skipped {}", e.written, e.skipped);
          if (!text.empty()) words.push_back(text);
        },
        event);
  }
  std::string take() {
    std::string story;
    for (const std::string& word : words) story += (story.empty() ? "" : " | ") + word;
    words.clear();
    return story;
  }
};

struct PoolWorld {
  static constexpr core::RelationId kTable{1663, 5, 16384};

  explicit PoolWorld(int major = 17, std::uint32_t buffers = 4) : PoolWorld(major, with(buffers)) {}
  PoolWorld(int major, const core::BufferSettings& settings)
      : backends(sink), manager(*core::find_buffer_profile(major), settings, space, backends, sink) {
    first = backends.start(core::BackendKind::Client, "backend 1");
    second = backends.start(core::BackendKind::Client, "backend 2");
    backends.switch_to(first);
    sink.take();
  }
  static core::BufferSettings with(std::uint32_t buffers) {
    core::BufferSettings settings;
    settings.buffers = buffers;
    return settings;
  }

  static core::PageTag page(std::uint32_t block, core::RelationId table = kTable) {
    return {table.tablespace, table.database, table.relation, 0, block};
  }
  core::BufferSlot read(std::uint32_t block, core::RingSlot ring = {}) {
    return manager.read_buffer(page(block), ring);
  }
  // Read and released at once.
  core::BufferSlot touch(std::uint32_t block, core::RingSlot ring = {}) {
    core::BufferSlot buffer = read(block, ring);
    manager.release_buffer(buffer);
    return buffer;
  }
  core::BufferSlot soil(std::uint32_t block, core::RingSlot ring = {}) {
    core::BufferSlot buffer = read(block, ring);
    manager.mark_buffer_dirty(buffer, manager.xlog_insert());
    manager.release_buffer(buffer);
    return buffer;
  }
  std::string story() { return sink.take(); }

  StorySink sink;
  core::AddressSpace space;
  core::Backends backends;
  core::BufferManager manager;
  core::BackendSlot first, second;
};

template <class Call>
std::string error_of(Call call) {
  try {
    call();
  } catch (const core::Ereport& error) {
    return error.message;
  } catch (const core::WouldWait& wait) {
    return "waits: " + wait.what;
  }
  return {};
}

}  // namespace palloscope::test
