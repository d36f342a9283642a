// ProcessImage: what the simulated process has besides its heap: PostgreSQL's global variables, the allocators' method
// tables, string constants, callback structs. All at repeatable addresses, all real bytes, so that a walker can start
// from the variables as it does with a live server.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/ids.h"
#include "core/memory/address_space.h"
#include "core/version/version_profile.h"

namespace palloscope::core {

// Addresses of PostgreSQL's variables (pointers: 8 bytes each).
struct GlobalVariables {
  Address top_memory_context, current_memory_context, error_context;
  // context_freelists[2]: {int num_free at 0; first_free at 8}, 16 bytes each (spec 3.9)
  Address context_freelists;
};

class ProcessImage {
 public:
  ProcessImage(const VersionProfile& profile, AddressSpace& space);

  const GlobalVariables& variables() const { return variables_; }

  // Of AllocSet's, Generation's, ... contexts: what MemoryContextData.methods holds.
  Address method_table(ContextKind kind) const { return tables_[static_cast<std::size_t>(kind)]; }
  // Whose table begins there; Unknown: nobody's.
  ContextKind kind_of_table(Address table) const;

  // A C string constant; the same text has the same address.
  Address string_constant(std::string_view text);

  // A MemoryContextCallback, zeroed but for func and arg; `run` is what func does.
  Address add_callback(std::uint32_t number, std::function<void()> run);
  struct Callback {
    std::uint32_t number = 0;
    std::function<void()> run;
  };
  // Takes the callback whose struct is there; number 0 and no function: there is none.
  Callback take_callback(Address at);

 private:
  Address take_data(std::uint64_t bytes);

  const VersionProfile& profile_;
  AddressSpace& space_;
  GlobalVariables variables_;
  std::vector<Address> tables_;
  std::unordered_map<std::string, Address> strings_;
  std::uint64_t next_string_, strings_end_;
  std::unordered_map<Address, Callback> callbacks_;
  std::vector<Address> free_callbacks_;
  std::uint64_t next_data_, data_end_;
};

}  // namespace palloscope::core
