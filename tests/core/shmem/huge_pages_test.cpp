#include "core/shmem/huge_pages.h"

#include "tests/support/catch.h"

using namespace palloscope::core;

TEST_CASE("A segment takes whole huge pages; the server's own figure is one above the whole ones in it") {
  ShmemSettings settings(17);
  const HugePagePlan plan = plan_huge_pages(settings, (5 << 20) + 1);
  CHECK(plan.page_bytes == 2 << 20);
  CHECK(plan.needed_pages == 3);
  CHECK(plan.shown_pages == 3);
  CHECK(plan.rounded_bytes == 6 << 20);
  CHECK(plan.small_pages == 1281);
  // of an exact multiple it shows one more than is mapped
  CHECK(plan_huge_pages(settings, 4 << 20).shown_pages == 3);
  CHECK(plan_huge_pages(settings, 4 << 20).needed_pages == 2);
  REQUIRE(settings.set("huge_page_size", "1GB"));
  CHECK(plan_huge_pages(settings, 4 << 20).needed_pages == 1);
}

TEST_CASE("The server reckons with any huge_page_size, and asks the kernel for the next power of two") {
  ShmemSettings settings(17);
  const auto plan = [&](const char* size) {
    REQUIRE(settings.set("huge_page_size", size));
    return plan_huge_pages(settings, 4 << 20);
  };
  CHECK(plan("3MB").shown_pages == 2);
  CHECK(plan("3MB").asked_page_bytes == 4 << 20);
  CHECK_FALSE(plan("3MB").asks_what_x86_has());
  CHECK(plan("1536kB").asks_what_x86_has());
  CHECK(plan("1GB").asked_page_bytes == 1 << 30);
  CHECK(plan("0").asks_what_x86_has());
}

TEST_CASE("huge_pages = on needs them, try does without, off does not ask") {
  ShmemSettings settings(17);
  const std::uint64_t total = 5 << 20;
  const auto outcome = [&](const char* setting, std::uint64_t free_pages) {
    REQUIRE(settings.set("huge_pages", setting));
    return try_huge_pages(plan_huge_pages(settings, total), total, free_pages);
  };
  CHECK(outcome("on", 3).granted);
  CHECK(outcome("on", 3).mapped_bytes == 6 << 20);
  CHECK_FALSE(outcome("on", 2).starts);
  CHECK(outcome("try", 3).page_bytes == 2 << 20);
  CHECK(outcome("try", 2).starts);
  CHECK(outcome("try", 2).tried);
  CHECK(outcome("try", 2).mapped_bytes == total);
  CHECK(outcome("try", 2).page_bytes == 4096);
  CHECK_FALSE(outcome("off", 100).tried);
  CHECK(outcome("off", 100).mapped_bytes == total);
}

TEST_CASE("The reach of the TLB is its entries times the page") {
  CHECK(TlbModel{}.reach_bytes(4096) == 6 << 20);
  CHECK(TlbModel{64}.reach_bytes(2 << 20) == 128 << 20);
}
