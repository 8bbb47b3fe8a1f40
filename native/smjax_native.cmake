# The library and its tests; sets `missing` where this compiler or this Python cannot make them.
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O3")

include(CheckCXXCompilerFlag)
include(CheckCXXSourceCompiles)

# Where a hot loop begins must not depend on what else is in the library: a function added to another file once made a
# token of the smallest model 160 us instead of 134 (Zen 4).
# Nor must what is inlined: GCC inlines ever less of a file the more it holds, and with seven encodings more a token took
# 1.15 times as long (Zen 5).
# What is built with sanitizers is never timed, and takes half as long to build without.
if(NOT SMJAX_SANITIZE)
  foreach(flag -falign-functions=64 -falign-loops=64 --param=large-unit-insns=1000000)
    string(MAKE_C_IDENTIFIER "SMJAX_TAKES_${flag}" takes)
    check_cxx_compiler_flag(${flag} ${takes})
    if(${takes})
      string(APPEND CMAKE_CXX_FLAGS_RELEASE " ${flag}")
    endif()
  endforeach()
endif()

# Asks again whenever smjax is installed: the compiler or jaxlib may be another one by then.
macro(smjax_compiles result)
  unset(${result} CACHE)
  check_cxx_source_compiles("${ARGN}" ${result})
endmacro()

# Instruction sets: name of the file in native/isa, flags, what has to compile with them.
set(SMJAX_SOURCES native/arguments.cc native/attend.cc native/bandwidth.cc native/counters.cc native/drills.cc
  native/exports.cc native/isa/scalar.cc native/look_up.cc native/machine.cc native/multiply.cc native/pack.cc
  native/pool.cc native/probe.cc native/registry.cc native/runtime.cc native/trace.cc)
set(SMJAX_DEFINITIONS "")
set_source_files_properties(native/isa/scalar.cc PROPERTIES COMPILE_OPTIONS -fno-exceptions)
function(smjax_isa name flags)
  string(TOUPPER ${name} upper)
  string(REPLACE ";" " " CMAKE_REQUIRED_FLAGS "${flags}")
  set(CMAKE_REQUIRED_QUIET ON)
  smjax_compiles(SMJAX_COMPILES_${upper} "${ARGN}")
  if(SMJAX_COMPILES_${upper})
    set(source "${CMAKE_CURRENT_SOURCE_DIR}/native/isa/${name}.cc")
    set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "${flags};-fno-exceptions")
    set(SMJAX_SOURCES ${SMJAX_SOURCES} ${source} PARENT_SCOPE)
    set(SMJAX_DEFINITIONS ${SMJAX_DEFINITIONS} SMJAX_${upper} PARENT_SCOPE)
  endif()
endfunction()

set(x86 "#if !defined(__x86_64__)\n#error another architecture\n#endif\n#include <immintrin.h>\n")
set(arm "#if !defined(__aarch64__)\n#error another architecture\n#endif\n#include <arm_neon.h>\n")
smjax_isa(avx2 "-mavx2;-mfma;-mf16c" "${x86} __m256i f(__m256i a) { return _mm256_abs_epi8(a); } int main() {}")
smjax_isa(avx_vnni "-mavx2;-mfma;-mf16c;-mavxvnni"
  "${x86} __m256i f(__m256i a) { return _mm256_dpbusd_avx_epi32(a, a, a); } int main() {}")
smjax_isa(avx512 "-mavx512f;-mavx512bw;-mavx512vl;-mavx512dq;-mavx512vnni;-mfma;-mf16c"
  "${x86} __m512i f(__m512i a) { return _mm512_dpbusd_epi32(a, a, a); } int main() {}")
smjax_isa(neon "-march=armv8.2-a+dotprod"
  "${arm} int32x4_t f(int32x4_t a, int8x16_t b) { return vdotq_laneq_s32(a, b, b, 0); } int main() {}")

find_package(Threads QUIET)
add_library(smjax_operations OBJECT EXCLUDE_FROM_ALL ${SMJAX_SOURCES})
if(Threads_FOUND)
  target_link_libraries(smjax_operations PUBLIC Threads::Threads)
endif()
target_compile_definitions(smjax_operations PUBLIC ${SMJAX_DEFINITIONS})
target_compile_options(smjax_operations PRIVATE -Wall -Wextra -fno-math-errno)
# Of the Makefile and of CI, never of an installation: another compiler warns of other things. The frames are for threads
# whose stacks are small.
set(SMJAX_WARNINGS "")
if(SMJAX_STRICT)
  set(SMJAX_WARNINGS -Werror -Wframe-larger-than=16384)
endif()
target_compile_options(smjax_operations PRIVATE ${SMJAX_WARNINGS})
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC's own AVX-512 headers trip over these.
  target_compile_options(smjax_operations PRIVATE -Wno-uninitialized -Wno-maybe-uninitialized)
endif()
if(SMJAX_SANITIZE)
  target_compile_options(smjax_operations PUBLIC -fsanitize=${SMJAX_SANITIZE} -fno-sanitize-recover=all -g1 -O1)
  target_link_options(smjax_operations PUBLIC -fsanitize=${SMJAX_SANITIZE})
endif()

# The handlers need XLA's headers, which come with jaxlib; the tests need neither.
find_package(Python3 QUIET COMPONENTS Interpreter)
execute_process(
  COMMAND "${Python3_EXECUTABLE}" -c "import importlib.util as u, pathlib as p; print(p.Path(u.find_spec('jaxlib').origin).parent / 'include')"
  OUTPUT_VARIABLE XLA_INCLUDE_DIR OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
set(CMAKE_REQUIRED_INCLUDES "${XLA_INCLUDE_DIR}")
set(CMAKE_REQUIRED_FLAGS "-std=c++17")
smjax_compiles(SMJAX_HAS_XLA_HEADERS "#include \"xla/ffi/api/ffi.h\"\nint main() {}")
unset(CMAKE_REQUIRED_INCLUDES)
unset(CMAKE_REQUIRED_FLAGS)

if(SMJAX_HAS_XLA_HEADERS AND Threads_FOUND)
  add_library(smjax_native SHARED native/ffi.cc)
  target_compile_options(smjax_native PRIVATE -Wall -Wextra ${SMJAX_WARNINGS})
  target_include_directories(smjax_native SYSTEM PRIVATE ${XLA_INCLUDE_DIR})
  target_link_libraries(smjax_native PRIVATE smjax_operations)
  install(TARGETS smjax_native DESTINATION smjax/lib)
elseif(NOT EXISTS "${XLA_INCLUDE_DIR}/xla/ffi/api/ffi.h")
  set(missing "XLA's headers were not found where smjax was installed; install jaxlib and smjax again")
else()
  set(missing "the C++ compiler does not take XLA's headers; install g++ 9 or clang++ 10 or newer and smjax again")
endif()

file(GLOB SMJAX_TESTS native/tests/*.cc)
add_executable(smjax_tests EXCLUDE_FROM_ALL ${SMJAX_TESTS})
target_compile_options(smjax_tests PRIVATE -Wall -Wextra ${SMJAX_WARNINGS})
target_link_libraries(smjax_tests PRIVATE smjax_operations)
