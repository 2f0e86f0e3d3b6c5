let firstMigration: [UInt8] = PackageResources._001_create_spool_sql
