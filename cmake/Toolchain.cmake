# Compiler and linker settings every target of ours shares.
find_program(CCACHE ccache)
if(CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
    add_link_options(-fuse-ld=mold)
endif()

# x86-64-v2 plus carry-less multiply: what every server of the last fifteen years has. simdjson dispatches at run time.
add_compile_options(-march=x86-64-v2 -mpclmul)

add_library(bassline_options INTERFACE)
target_include_directories(bassline_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(bassline_options INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
    -Wunused-result -Werror
    -Wno-maybe-uninitialized  # GCC 12 sees it in every Result it has inlined deeply enough
    -Wno-missing-field-initializers)  # designated initialisers leave the rest at their defaults
target_compile_definitions(bassline_options INTERFACE _GLIBCXX_ASSERTIONS)

# Several sources are compiled as one: the headers they share (fmt, JSON, CLI11, Beast) cost more than they do, so a cold
# build takes a third of the time. -DCMAKE_UNITY_BUILD=OFF suits a day's work on one file.
if(CMAKE_UNITY_BUILD)
    target_compile_options(bassline_options INTERFACE -Wno-subobject-linkage)  # a unit's sources are not its main file
endif()

# Where memory allows, the compiler collects its own garbage less often: a twentieth of the compile time.
cmake_host_system_information(RESULT host_memory QUERY TOTAL_PHYSICAL_MEMORY)  # MiB
cmake_host_system_information(RESULT host_cores QUERY NUMBER_OF_LOGICAL_CORES)
math(EXPR memory_a_core "${host_memory} / ${host_cores}")
if(memory_a_core GREATER 3000)
    add_compile_options(--param=ggc-min-heapsize=700000)
endif()

if(BASSLINE_SANITIZE)
    add_compile_options(-fsanitize=${BASSLINE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${BASSLINE_SANITIZE})
    if(BASSLINE_SANITIZE MATCHES undefined)
        # A third of the compile time; ASan stops at most of what they find. Rooms that read numbers out of bytes have
        # alignment back (Room.cmake).
        add_compile_options(-fno-sanitize=null,object-size,vptr,pointer-overflow,alignment)
    endif()
    # The tsan preset has -O1: at -Og our program exports std::mutex and the like, libduckdb calls them there, and of locks
    # in that library, which ThreadSanitizer is told to pass over, it then counts the first half alone until it dies.
    if(BASSLINE_SANITIZE MATCHES address)  # in large functions calls, not inline: a sixth of the compile time
        add_compile_options(--param=asan-instrumentation-with-call-threshold=50)
    endif()
endif()
