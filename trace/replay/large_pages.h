// LargePages: memory for tables of many megabytes that are read and written all over. On pages of 4 kB a new table
// costs a fault for each, and every access to it a search of the page tables; asking for large pages costs nothing.
#pragma once

#include <cstddef>
#include <new>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace palloscope::trace {

template <class T>
struct LargePages {
  using value_type = T;

  LargePages() = default;
  template <class U>
  LargePages(const LargePages<U>&) {}

  T* allocate(std::size_t count) {
    const std::size_t bytes = count * sizeof(T);
    if (bytes < kLarge) return static_cast<T*>(::operator new(bytes));
    void* memory = ::operator new(bytes, kPage);
#ifdef __linux__
    ::madvise(memory, bytes, MADV_HUGEPAGE);  // a wish: where it is not granted, nothing is lost
#endif
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t count) {
    if (count * sizeof(T) < kLarge) return ::operator delete(memory);
    ::operator delete(memory, kPage);
  }
  friend bool operator==(const LargePages&, const LargePages&) { return true; }

 private:
  static constexpr std::size_t kLarge = std::size_t{4} << 20;
  static constexpr std::align_val_t kPage{std::size_t{2} << 20};
};

}  // namespace palloscope::trace
