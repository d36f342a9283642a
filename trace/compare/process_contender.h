// ProcessContender: the calls answered by a simulated PostgreSQL process (core/mcxt), of the recording's version or
// another, with the contexts' kinds and sizes as recorded or changed.
#pragma once

#include <memory>
#include <vector>

#include "core/mcxt/process.h"
#include "trace/compare/contender.h"

namespace palloscope::trace {

class ProcessContender final : public Contender {
 public:
  // Whether this stream can be answered so; the Error names the first event that cannot.
  static core::Status check(const ContenderSpec& spec, const ContenderSetting& setting);
  ProcessContender(const ContenderSpec& spec, const ContenderSetting& setting);

 protected:
  void carry_out(const ProgramCall& call) override;

 private:
  // How a context is made.
  struct Plan {
    core::ContextKind kind = core::ContextKind::AllocSet;
    core::AllocSetSizes sizes = {};
    std::uint64_t slab_block_bytes = 0, slab_chunk_bytes = 0;
    bool fixed_size = false;  // requests of any size up to slab_chunk_bytes take that
    bool ignores_pfree = false;
  };
  struct Context {
    core::Address at;
    Plan plan;
    std::string name;
  };

  struct Chunk {
    core::Address at;
    core::ChunkSlot slot;  // in this one's own events; several empty chunks of a Bump lie at one address
  };

  Plan plan_of(const ProgramCall& created) const;
  void create(const ProgramCall& call);
  void set(core::ContextSlot slot, Context context);
  void set_chunk(core::ChunkSlot slot, const Chunk& chunk);
  Chunk allocate(const Context& context, const ProgramCall& call, int extra_flags = 0);
  void palloc_in_vain(const ProgramCall& call);
  void repalloc(const ProgramCall& call);
  void release(const Context& context, const Chunk& chunk);
  core::Address parent(core::ContextSlot slot) const { return slot ? contexts_[slot.value].at : core::Address{}; }

  const core::VersionProfile& profile_;
  const StreamSurvey& survey_;
  std::unique_ptr<core::Process> process_;
  std::vector<Context> contexts_;       // by the recording's ContextSlot
  std::vector<Chunk> chunks_;           // by the recording's ChunkSlot
  std::vector<core::Address> regions_;  // C's own, by the recording's BlockSlot
};

}  // namespace palloscope::trace
