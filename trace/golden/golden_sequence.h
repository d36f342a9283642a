// One golden sequence in a fresh simulated process: carries out operations and answers with what happened, in the form
// in which golden files record it (spec 15.2). The operations come from outside: one that makes no sense (an unknown
// chunk, a size that is no number) is refused with BadOperation before it reaches the process.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/mcxt/process.h"
#include "core/walk/walked_heap.h"
#include "trace/golden/golden_replay.h"

namespace palloscope::trace {

struct BadOperation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Keeps the malloc calls of the running operation and where malloc'ed regions lie; passes all events to the observer.
class GoldenRecorder final : public core::EventSink {
 public:
  explicit GoldenRecorder(GoldenObserver* observer) : observer_(observer) {}

  void emit(const core::EventBody& event) override;
  // From now on regions are numbered 0, 1, ... (those made with the process itself have no number).
  void start(const core::Process& process) { process_ = &process; }
  void begin_operation();

  const nlohmann::json& malloc_calls() const { return calls_; }
  const std::vector<std::string>& warnings() const { return warnings_; }
  std::size_t event_count() const { return event_count_; }
  // [region number, offset]; the region that the address lies in or ends.
  nlohmann::json position(core::Address at) const;
  std::int64_t region_number(core::Address at) const;
  // A message with its addresses as golden files write them: <region:offset>.
  std::string with_positions(const std::string& message) const;

 private:
  struct Region {
    std::int64_t number = -1;
    core::Address at;
  };
  GoldenObserver* observer_;
  const core::Process* process_ = nullptr;
  std::map<core::BlockSlot, Region> by_slot_;
  std::map<core::Address, std::int64_t> by_address_;
  std::int64_t next_number_ = 0;
  nlohmann::json calls_ = nlohmann::json::array();
  std::vector<std::string> warnings_;
  std::size_t event_count_ = 0;
};

class GoldenSequence {
 public:
  GoldenSequence(const core::VersionProfile& profile, GoldenObserver* observer);

  // What the file's "r" should say: an object, empty where there is nothing to say.
  nlohmann::json run(const nlohmann::json& op);

  const core::Process& process() const { return process_; }
  std::size_t event_count() const { return recorder_.event_count(); }

 private:
  struct Context {
    core::Address at;
    core::ContextKind kind = core::ContextKind::AllocSet;
    std::int64_t parent = -1;
  };
  struct Chunk {
    core::Address at;
    std::int64_t context = 0;
    bool freed = false;  // still named, where pfree of it is an error that can be compared
  };

  void carry_out(const std::string& name, const nlohmann::json& op, nlohmann::json& r);
  bool create(const std::string& name, const nlohmann::json& op);
  bool change_context(const std::string& name, const nlohmann::json& op);
  bool ask(const std::string& name, const nlohmann::json& op, nlohmann::json& r);
  void alloc(const nlohmann::json& op, nlohmann::json& r);
  void alloc_aligned(const nlohmann::json& op, nlohmann::json& r);
  void realloc(const nlohmann::json& op, nlohmann::json& r);
  void poke(const nlohmann::json& op);
  void set_parent(const nlohmann::json& op);
  void describe_chunk(core::Address at, core::ContextKind kind, nlohmann::json& r) const;

  Context& context(const nlohmann::json& op, const char* key = "ctx");
  core::Address parent_address(std::int64_t number);
  Chunk& chunk(const nlohmann::json& op);
  bool has_chunk(std::int64_t id) const;  // in use
  void forget_chunks_of(std::int64_t context);
  void forget_context(std::int64_t context);
  void forget_children_of(std::int64_t context);
  core::WalkedHeap walk() const;

  const core::VersionProfile& profile_;
  GoldenRecorder recorder_;
  core::Process process_;
  std::map<std::int64_t, Context> contexts_;
  std::map<std::int64_t, Chunk> chunks_;
  std::vector<std::uint32_t> callbacks_run_;
};

// A context's layout as a "dump" operation records it (spec 15.3), but for the text line.
nlohmann::json golden_layout(const core::WalkedContext& context, int major, const GoldenRecorder& regions);
// The tree below contexts[index] as a "tree" operation records it.
nlohmann::json golden_tree(const core::WalkedHeap& heap, std::size_t index);
// The index of the context at this address; throws BadOperation if the walk did not find it.
std::size_t find_walked(const core::WalkedHeap& heap, core::Address at);

}  // namespace palloscope::trace
