"""A small health export: two devices that saw the same, and what is never kept."""

import io
import zipfile

FILES = {
    "apple_health_export/export_cda.xml": "<ClinicalDocument/>",
    "apple_health_export/export.xml": """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE HealthData [
<!ELEMENT HealthData (ExportDate,Me,Record*)>
]>
<HealthData locale="en_GB">
 <ExportDate value="2026-11-18 09:00:00 +0100"/>
 <Me HKCharacteristicTypeIdentifierDateOfBirth="1990-01-01"/>
 <Record type="HKQuantityTypeIdentifierStepCount" sourceName="Zoë’s Apple\u00a0Watch" unit="count"
  startDate="2026-11-17 12:00:00 +0100" endDate="2026-11-17 12:20:00 +0100" value="1500"/>
 <Record type="HKQuantityTypeIdentifierStepCount" sourceName="Quokka phone" unit="count"
  startDate="2026-11-17 12:00:00 +0100" endDate="2026-11-17 12:20:00 +0100" value="1400"/>
 <Record type="HKQuantityTypeIdentifierRestingHeartRate" sourceName="Zoë’s Apple\u00a0Watch"
  unit="count/min" startDate="2026-11-17 00:05:00 +0100" endDate="2026-11-17 21:00:00 +0100"
  value="58"/>
 <Record type="HKCategoryTypeIdentifierSleepAnalysis" sourceName="Zoë’s Apple\u00a0Watch"
  startDate="2026-11-17 00:00:00 +0100" endDate="2026-11-17 07:00:00 +0100"
  value="HKCategoryValueSleepAnalysisAsleepCore">
  <MetadataEntry key="HKTimeZone" value="Europe/Berlin"/>
 </Record>
 <Record type="HKCategoryTypeIdentifierMindfulSession" sourceName="Quokka app"
  startDate="2026-11-17 08:00:00 +0100" endDate="2026-11-17 08:10:00 +0100"
  value="HKCategoryValueNotApplicable"/>
</HealthData>
""",
}


def packed(files: dict[str, str | bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


FILE = packed(dict(FILES))
DAYS = {"sleep": 420.0, "steps": 1500.0, "mindful": 10.0, "resting": 58.0}
# Words of the file that must be nowhere afterwards.
TITLES = {"Zoë’s Apple\u00a0Watch", "Quokka phone", "Quokka app"}
