"""What the synthetic notes are filled with and made of. Every name, number and sentence is made up for this project."""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """What the notes of one set are filled with; towns, streets and hospitals are divided by a bar."""

    women: str
    men: str
    surnames: str
    towns: str
    streets: str
    hospitals: str


TUNE_WORDS = Words(
    women="Maria Dorothy Aisha Linh Svetlana Grace Rose May Hope Priya Keisha Ingrid Carmen Joy Ruth Beatriz",
    men="Daniel Will Mark Kwame Hiroshi Tomasz Carlos Dwayne Omar Patrick Grant Jack Sanjay Leon Frank Pierre",
    surnames="Okafor Lindqvist Kowalczyk Nguyen Ramirez Smith O'Brien Fitzgerald Young White Patel Haddad Yamamoto Novak McAllister Brown",
    towns="Boston|Springfield|Cleveland|Santa Fe|Des Moines|Leeds|Worcester|Tampa",
    streets="Maple|Oak Hill|Washington|12th|North Park|Elm",
    hospitals="St. Mary's|Lakeview|Mercy Ridge|Oak Valley|Holy Cross",
)  # fmt: skip
TUNE = (
    "Patient: {name:caps}   MRN: {id:plain}   DOB: {date:pad}",
    "Patient Name: {name:full}. Account number {id:mixed}.",
    "Dr. {name:doctor} saw her on {date:us} and again on {date:md}. Strength 5/5, pain 7/10.",
    "Ms. {name:last} is a {age:over}-year-old woman admitted to {hospital:any} Hospital on {date:long}.",
    "She lives in {location:town}, MA {location:zip} at {location:street}.",
    "Her husband {name:man} and her daughter, {name:girl}, were at the bedside. Will repeat labs in the morning.",
    "Attending: {name:doctorfull}, MD. Foley catheter in place. History of Crohn's disease and Graves disease.",
    "Call {phone:us} or page {phone:dash} with results; fax to {fax:dash}.",
    "Contact: {email:any}. Portal {url:any}. Logged in from {ip:any}.",
    "SSN {id:dash}. Pacemaker serial number {id:serial}. BP 142/88, HR 76, temperature 98.6 F.",
    "{name:first} reports chest pain since {date:monthday}. May take 2 tablets. Mark on the left forearm noted.",
    "Transferred from {hospital:any} Medical Center on {date:short}. Parkinson disease stable on carbidopa-levodopa 25/100.",
    "Discussed with {name:doctorfull} ({phone:dot}). Glasgow Coma Scale 15/15. Babinski absent.",
    "Electronically signed by: {name:otherfull}, RN on {date:iso}. Cushing syndrome was ruled out.",
    "Follow-up on {date:dash} with Dr. {name:other}. Metformin 500 mg BID since 2015.",
    "{name:initial} was seen in {date:month}. Murphy's sign negative; Romberg negative.",
    "Seen by {name:double} on {date:abbr}. Rose Bengal stain was normal. Grace period for the referral.",
    "Dear Dr. {name:doctor}, thank you for referring {name:middle}, who has lived in {location:town} since 2011.",
)
SECOND_WORDS = Words(
    women="Philippa Xochitl Oluchi Saoirse Ewelina Hope June Tallulah Marigold Bronwyn Yevgenia Shirin Kalani Lucretia Noreen Daisy",
    men="Thaddeus Osvaldo Zbigniew Ifeanyi Rohan Bill Drew Lachlan Torsten Gideon Ignatius Chase Fyodor Basil Ephraim Wade",
    surnames="Achterberg Quispe Nwachukwu Delacroix-Poe Szczepanski Penhaligon D'Souza MacGillivray Banks Rivers Oyelaran Thistlewood"
    " Gupta Castellanos Vandermolen Short",
    towns="Albuquerque|Kalamazoo|Truro|Eau Claire|Sacramento|Nantes|Poughkeepsie|Wagga Wagga",
    streets="Juniper Hollow|Old Mill|Kennedy|43rd|Sycamore Bend|Lantern",
    hospitals="St. Aldhelm's|Fallbrook|Good Shepherd|Ravenscourt|Pine Ridge|Whitcombe",
)  # fmt: skip
SECOND = (
    "NAME: {name:comma}    Unit No: {id:group}    ADMIT DATE: {date:short}",
    "Re: {name:full}, date of birth {date:long}, medical record number {id:plain}",
    "Thank you for asking me to see {name:full}, a {age:over} y/o retired baker from {location:town}.",
    "Mrs. {name:last} was brought in by her son {name:man} after a fall at home on {date:monthday}.",
    "Her sister {name:girl} ({phone:dash}) is the health care proxy. Hickman line removed; Apgar scores 8 and 9.",
    "Primary care: Dr {name:doctor}, {hospital:any} Clinic, {location:street}, tel {phone:dot}, fax number {fax:us}.",
    "PROCEDURE DATE: {date:pad}  SURGEON: {name:doctorfull}, M.D.  ASSISTANT: {name:otherfull}, PA-C",
    "Case reviewed with Drs. {name:doctor} and {name:other}. Whipple procedure was not advised. Wilson disease unlikely.",
    "Admitted to {hospital:any} Regional Medical Center {date:iso} through {date:iso}; APACHE II 14, Wells score 4.5.",
    "Insurance: member ID {id:mixed}. Driver's license {id:mixed}. Vehicle VIN {id:vin}.",
    "Implanted device, serial no. {id:serial}. Interrogated from workstation {ip:any}.",
    "Patient portal: {url:any}; e-mail {email:any}; mobile {phone:plus}.",
    "Social: widowed, was born in {location:town}, now with niece {name:girl}. Denies tobacco. Rose from the chair unaided.",
    "{name:first} tells us that the rash began on {date:euro}. In June she may need a biopsy. Addison disease was considered.",
    "The patient's neighbor, {name:manfull}, called {phone:ext} on {date:md}. Motor 4/5, reflexes 2/4.",
    "Dictated by {name:doctorfull}, DO. cc: {name:otherfull}, NP. Job number {id:plain}.",
    "Last colonoscopy {date:month}; tetanus shot {date:dash}. Hashimoto thyroiditis on levothyroxine 75 mcg.",
    "I spoke with Ms. {name:other} of {hospital:any} Hospice. Grant funding was discussed. Chase the culture results.",
)

HELD_WORDS = Words(
    women="Eleonora Wilhelmina Nkechi Sinead Jaroslava Paloma Clementine Iris Dawn Ottilie Ruksana Temperance Hye-rin Joanne Zsofia Mabel",
    men="Cornelius Ulises Bogdan Chidi Anselm Reuben Art Clifford Hamza Ruaridh Matthias Rod Sterling Kenji Alasdair Bertrand",
    surnames="Vanterpool Zapata Obafemi Trzaskowski Hollingsworth-Dey Cattermole O'Shaughnessy Fenwick Marsh Stone Iwashita Bhattacharya"
    " Etchegaray Quarshie Lovelace Winter",
    towns="Chattanooga|Ypsilanti|Penzance|Baton Rouge|Okmulgee|Limerick|Walla Walla|Gdansk",
    streets="Quarry View|Tannery|Jefferson|101st|Bluebell Wood|Harbour",
    hospitals="St. Columba's|Northgate|Blessed Heart|Ashgrove|Three Rivers|Tillinghast",
)  # fmt: skip
HELD = (
    "DISCHARGE SUMMARY\nPatient: {name:full}\nHospital No. {id:plain}\nAdmitted: {date:us}   Discharged: {date:us}",
    "RE: {name:comma}; D.O.B. {date:dash}; SSN: {id:dash}",
    "{name:full} is an unfortunate {age:over} year old lady known to me since {date:month}.",
    "She moved from {location:town} to live with her nephew {name:man} at {location:street}, {location:town}, OH {location:zip}.",
    "The family (daughter {name:girl}, son-in-law {name:manfull}) met with Dr. {name:doctor} on {date:long}.",
    "Signed: {name:doctorfull}, MD   Date: {date:iso}   Pager: {phone:dash}",
    "She was stabilised at {hospital:any} Hospital and flown to {hospital:any} University Hospital on {date:euro}.",
    "Per Dr. {name:doctor}'s note of {date:short}, the Ommaya reservoir was flushed. Sjogren syndrome suspected, Schirmer test 4 mm.",
    "NOK {name:otherfull}, home {phone:us}, work {phone:ext}. Please fax records to {fax:dash}.",
    "Interpreter {name:other} assisted. {name:first} wants to go home. Dawn phenomenon suspected from the glucose log.",
    "Account No.: {id:mixed}  Visit #: {id:plain}  Medicare number {id:mixed}",
    "ICD generator serial # {id:serial}; telemetry gateway {ip:any}; report uploaded to {url:any}",
    "Ms. {name:last} e-mailed {email:any} from her phone. Iris normal, pupils 3 mm, cornea stained with rose bengal.",
    "Nurse {name:other} found her on the floor at 03:40. Braden score 14/23, GCS 14/15, pain 6/10. Morse fall score 55.",
    "cc: {name:doctorfull}, M.D.; {name:otherfull}, LCSW",
    "Last seen by cardiology ({name:doctorfull}) {date:md}, next visit {date:monthday}. Holter showed Mobitz I. Winter vomiting.",
    "Former teacher at a school in {location:town}; sister of {name:initial}, who died of Huntington disease in 1998.",
    "Results phoned to {name:doctor} at {phone:dot}, read back and verified. Stone analysis pending; Marsh 3a on duodenal biopsy.",
)
HALVES = {"tune": ((TUNE_WORDS, TUNE), (SECOND_WORDS, SECOND)), "held": ((HELD_WORDS, HELD),)}
