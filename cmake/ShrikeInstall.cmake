# What `cmake --install` puts where, in three components: the program, the shared library, and what
# compiling against that needs; with training that is a fourth. ShrikePackage.cmake, before this,
# makes a Debian package of each.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(written ${CMAKE_BINARY_DIR}/written)
file(MAKE_DIRECTORY ${written})

# The program itself says what its completions and its manual are.
function(shrike_written file)
  add_custom_command(OUTPUT ${written}/${file}
    COMMAND shrike ${ARGN} > ${written}/${file}
    DEPENDS shrike VERBATIM)
  set_property(GLOBAL APPEND PROPERTY shrike_written_files ${written}/${file})
endfunction()
shrike_written(shrike.bash completions bash)
shrike_written(_shrike completions zsh)
shrike_written(shrike.fish completions fish)
shrike_written(shrike.1 manual)
find_program(GZIP gzip REQUIRED)
add_custom_command(OUTPUT ${written}/shrike.1.gz
  COMMAND ${GZIP} -9nkf ${written}/shrike.1
  DEPENDS ${written}/shrike.1 VERBATIM)
get_property(files GLOBAL PROPERTY shrike_written_files)
add_custom_target(shrike_written ALL DEPENDS ${files} ${written}/shrike.1.gz)

# The program.
install(TARGETS shrike COMPONENT program)
install(FILES ${written}/shrike.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT program)
install(FILES ${written}/shrike.bash RENAME shrike COMPONENT program
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${written}/shrike.fish COMPONENT program
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
# Debian's zsh looks for what packages bring (prefix /usr) elsewhere than for all else.
install(CODE [[
  set(shrike_zsh_folder site-functions)
  if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
    set(shrike_zsh_folder vendor-completions)
  endif()]] COMPONENT program)
install(FILES ${written}/_shrike COMPONENT program
        DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/\${shrike_zsh_folder}")

# What `shrike train` starts, beside it; its manual page is the program's.
if(SHRIKE_TRAIN)
  install(TARGETS shrike-train COMPONENT training)
  file(WRITE ${written}/shrike-train.1 ".so man1/shrike.1\n")
  execute_process(COMMAND ${GZIP} -9nkf ${written}/shrike-train.1 COMMAND_ERROR_IS_FATAL ANY)
  install(FILES ${written}/shrike-train.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1
          COMPONENT training)
endif()

# The library, and what compiling against it needs.
install(TARGETS shrike_shared EXPORT shrike
        LIBRARY COMPONENT library NAMELINK_COMPONENT development
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/shrike DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        COMPONENT development)
# The library's own dependencies are not a user's business: the targets file is the whole config.
set(config ${CMAKE_INSTALL_LIBDIR}/cmake/shrike)
install(EXPORT shrike NAMESPACE shrike:: FILE shrikeConfig.cmake DESTINATION ${config}
        COMPONENT development)
# Below 1.0 the interface may change with the minor version.
write_basic_package_version_file(${written}/shrikeConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${written}/shrikeConfigVersion.cmake DESTINATION ${config} COMPONENT development)
file(RELATIVE_PATH SHRIKE_PREFIX_FROM_PC /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${CMAKE_SOURCE_DIR}/packaging/shrike.pc.in ${written}/shrike.pc @ONLY)
install(FILES ${written}/shrike.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
        COMPONENT development)

# Licences go with each.
foreach(component IN LISTS shrike_components)
  set(package ${SHRIKE_PACKAGE_${component}})
  install(FILES packaging/copyright LICENSE NOTICE
          DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package} COMPONENT ${component})
endforeach()
