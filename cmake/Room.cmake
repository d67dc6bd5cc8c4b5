add_custom_target(unit_tests)  # every room's test program

# bassline_room(NAME LINK <targets...> [VENDOR <targets...>] [READS_BYTES])
#
# A room is a folder of src/: every .cpp but the tests and what mocks for them becomes the library bassline_NAME, every *_test.cpp the program
# NAME_test. LINK names the rooms it may include; VENDOR the libraries whose headers only this room sees. READS_BYTES: it
# points at numbers inside byte buffers, so UBSan checks their alignment.
function(bassline_room name)
    cmake_parse_arguments(ROOM "READS_BYTES" "" "LINK;VENDOR" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS *.cpp)
    file(GLOB tests CONFIGURE_DEPENDS *_test.cpp)
    list(FILTER sources EXCLUDE REGEX "/(main|mock_[^/]*)\\.cpp$")
    if(tests)
        list(REMOVE_ITEM sources ${tests})
    endif()
    set(visibility PUBLIC)
    if(sources)
        add_library(bassline_${name} STATIC ${sources})
        target_link_libraries(bassline_${name} PRIVATE ${ROOM_VENDOR})
        if(ROOM_READS_BYTES AND BASSLINE_SANITIZE MATCHES undefined)
            target_compile_options(bassline_${name} PRIVATE -fsanitize=alignment)
        endif()
    else()
        add_library(bassline_${name} INTERFACE)
        set(visibility INTERFACE)
    endif()
    target_link_libraries(bassline_${name} ${visibility} bassline_options ${ROOM_LINK})
    if(BASSLINE_TESTS AND tests)
        add_executable(${name}_test EXCLUDE_FROM_ALL ${tests})
        target_link_libraries(${name}_test PRIVATE bassline_${name} ${ROOM_VENDOR} GTest::gmock GTest::gtest_main)
        add_test(NAME ${name} COMMAND ${name}_test WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
        # The fault suites fork some thousand times and open as many databases: a small quarantine, and of an allocation only
        # its two innermost calls, make that twice as cheap. A program run by hand tells the whole stack.
        set_tests_properties(${name} PROPERTIES ENVIRONMENT "ASAN_OPTIONS=quarantine_size_mb=4:malloc_context_size=2:thread_local_quarantine_size_kb=256")
        if(CMAKE_BUILD_TYPE STREQUAL Release)
            target_compile_options(${name}_test PRIVATE -Og)  # not what is tested: two thirds of the compile time
        endif()
        add_dependencies(unit_tests ${name}_test)
    endif()
endfunction()
