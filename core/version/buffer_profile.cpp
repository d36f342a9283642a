#include "core/version/buffer_profile.h"

namespace palloscope::core {
namespace {

BufferProfile make_profile(int major) {
  BufferProfile profile;
  profile.major = major;
  if (major >= 18) {
    profile.descriptor.struct_bytes = 64;
    profile.descriptor.io_wref_index = {36, 4};
    profile.descriptor.content_lock = 48;
  }
  if (major == 15) profile.ring = {16, {0, 4}, {4, 4}, {8, 4}, {12, 1}, 16};
  profile.ring_sizes.bulk_read_follows_io = major >= 18;
  profile.ring_sizes.vacuum_kb = major >= 17 ? 2048 : 256;
  profile.ring_sizes.vacuum_settable = major >= 16;
  BufferRules& rules = profile.rules;
  rules.victim_invalidated_first = rules.extends_by_victims = rules.blocks_aligned = major >= 16;
  rules.local_pins_in_word = major >= 18;
  rules.owner_error_names_kind = major >= 17;
  rules.invalid_procno = major >= 17 ? -1 : 0x7FFFFFFF;
  // Eight tranches of SLRUs and WAL stand between the individual locks and this one.
  rules.content_tranche = static_cast<std::uint16_t>((major >= 18 ? 54 : major == 17 ? 53 : 48) + 8);
  rules.auxiliary_processes = major >= 18 ? 38 : major == 17 ? 6 : 5;
  return profile;
}

}  // namespace

const BufferProfile* find_buffer_profile(int major) {
  static const std::array<BufferProfile, 4> profiles = {make_profile(15), make_profile(16), make_profile(17),
                                                        make_profile(18)};
  return major >= 15 && major <= 18 ? &profiles[static_cast<std::size_t>(major - 15)] : nullptr;
}

}  // namespace palloscope::core
