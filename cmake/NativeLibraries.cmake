# Third-party libraries: Debian packages by find_package, the rest from .deps and .venv as tools/setup lays them out.
# Each is a target of its own, linked by the one room that may see its headers (docs/adr/0002-native-libraries.md).
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(ZLIB REQUIRED)
find_package(CURL REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Boost 1.81 REQUIRED)
if(BASSLINE_TESTS)
    find_package(GTest REQUIRED)
endif()
find_package(mimalloc REQUIRED)
find_package(CLI11 REQUIRED)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(LIBDEFLATE REQUIRED IMPORTED_TARGET libdeflate)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)

set(DEPS ${CMAKE_SOURCE_DIR}/.deps)

add_library(duckdb SHARED IMPORTED)
set_target_properties(duckdb PROPERTIES
    IMPORTED_LOCATION ${DEPS}/duckdb/lib/libduckdb.so
    INTERFACE_INCLUDE_DIRECTORIES ${DEPS}/duckdb/include)

# Built once by tools/setup: a minute under the sanitizers, and no build of ours changes it.
add_library(simdjson STATIC IMPORTED)
set_target_properties(simdjson PROPERTIES
    IMPORTED_LOCATION ${DEPS}/simdjson/libsimdjson.a
    INTERFACE_INCLUDE_DIRECTORIES ${DEPS}/simdjson)

# Arrow and Parquet: the shared libraries and headers inside the pyarrow wheel.
execute_process(
    COMMAND ${CMAKE_SOURCE_DIR}/.venv/bin/python -c "import pyarrow; print(pyarrow.get_library_dirs()[0])"
    OUTPUT_VARIABLE PYARROW OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
foreach(library arrow parquet)
    add_library(${library} SHARED IMPORTED)
    set_target_properties(${library} PROPERTIES
        IMPORTED_LOCATION ${PYARROW}/lib${library}.so
        INTERFACE_INCLUDE_DIRECTORIES ${PYARROW}/include)
endforeach()
target_link_libraries(parquet INTERFACE arrow)

# librdkafka: the shared library inside the confluent-kafka wheel, TLS, SASL and compression included.
file(GLOB LIBRDKAFKA ${CMAKE_SOURCE_DIR}/.venv/lib/python3*/site-packages/confluent_kafka.libs/librdkafka-*.so.1)
add_library(librdkafka SHARED IMPORTED)
set_target_properties(librdkafka PROPERTIES
    IMPORTED_LOCATION "${LIBRDKAFKA}"
    INTERFACE_INCLUDE_DIRECTORIES ${DEPS}/librdkafka)
